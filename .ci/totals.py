"""Adds up the result files of .ci/run, demands those that must be there, and prints the totals as the last line.

    python3 totals.py RESULTS_FOLDER BROKEN_STEPS [SETTING…]

Each SETTING is a run of the engine's tests under a poorer instruction set.
"""
import collections
import pathlib
import sys
import xml.etree.ElementTree as xml

NAMESPACE = {"t": "http://microsoft.com/schemas/VisualStudio/TeamTest/2010"}
# Which assemblies each run must have results of.
DEMANDED = {"all": {"lossservice.tests", "lossservice.conformance"}} | {
    setting: {"lossservice.tests"} for setting in sys.argv[3:]}

folder, failed = pathlib.Path(sys.argv[1]), int(sys.argv[2])
passed = skipped = 0
for run, demanded in DEMANDED.items():
    ran = set()
    for file in sorted(folder.glob(f"{run}_*.trx")):
        tree = xml.parse(file)
        assemblies = {pathlib.Path(test.get("storage")).stem for test in tree.iterfind(".//t:UnitTest", NAMESPACE)}
        assembly = " ".join(sorted(assemblies)) or "no assembly"
        outcomes = collections.Counter()
        for result in tree.iterfind(".//t:UnitTestResult", NAMESPACE):
            outcome = result.get("outcome")
            outcomes[outcome] += 1
            if outcome == "NotExecuted":
                reason = (result.findtext(".//t:Message", "", NAMESPACE)
                          or result.findtext(".//t:StdOut", "", NAMESPACE)).strip()
                print(f"ci: skipped {result.get('testName')}: {reason}")
                # People may lack libtorch; here it is the oracle of every loss and must have run.
                if assembly == "lossservice.conformance":
                    failed += 1
                    print("ci: counted as failed: conformance may not be skipped here")
                else:
                    skipped += 1
            elif outcome != "Passed":
                print(f"ci: {outcome} {result.get('testName')}")
        passed += outcomes["Passed"]
        failed += sum(count for outcome, count in outcomes.items() if outcome not in ("Passed", "NotExecuted"))
        if outcomes["Passed"]:
            ran |= assemblies
        print(f"ci: {run}: {assembly}: {dict(outcomes)}")
    for missing in sorted(demanded - ran):
        failed += 1
        print(f"ci: counted as failed: no test of {missing} ran in the run '{run}'")

print(f"{passed} passed, {failed} failed" + (f", {skipped} skipped" if skipped else ""))
sys.exit(failed > 0)

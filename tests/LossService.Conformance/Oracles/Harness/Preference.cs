using TorchSharp;
using static TorchSharp.torch;

namespace LossService.Conformance.Oracles.Harness;

/// <summary>What losses of pairs of answers share.</summary>
internal static class Preference
{
    /// <summary>Beta times (policy less reference of the chosen answer) less (the same of the rejected one).</summary>
    public static Tensor Margin(OracleInputs given) => Beta(given) * LogRatio(given);

    public static double Beta(OracleInputs given) => given.Number("beta", 0.1);

    public static Tensor LogRatio(OracleInputs given) =>
        (Policy(given, "chosen") - Reference(given, "chosen")) - (Policy(given, "rejected") - Reference(given, "rejected"));

    /// <summary>The policy's log-probability of an answer, averaged over its tokens where that is asked for.</summary>
    public static Tensor Policy(OracleInputs given, string which, bool averages = false) =>
        Averaged(given[$"policy_{which}_logps"], given, which, averages);

    private static Tensor Reference(OracleInputs given, string which) =>
        Averaged(given.Constant($"reference_{which}_logps")!, given, which, averages: false);

    private static Tensor Averaged(Tensor logps, OracleInputs given, string which, bool averages) =>
        given.Flag("length_normalize", averages) && given.Constant($"{which}_lengths") is Tensor lengths
            ? logps / lengths
            : logps;
}

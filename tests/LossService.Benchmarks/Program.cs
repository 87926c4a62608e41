using LossService.Benchmarks.Kernels;
using LossService.Benchmarks.Digits;
var rows = args.Contains("d") ? DigitBenchmarks.Run(args.Contains("--toy"), Console.WriteLine).Rows : KernelBenchmarks.Run(args.Contains("--toy"), Console.WriteLine);
foreach (var r in rows) Console.WriteLine(FormattableString.Invariant($"{r.Work,-32} {r.Peer,-34} {r.Threads}T ours {r.Ours*1e6:F1} theirs {r.Theirs*1e6:F1} ratio {r.Ratio.Median:F2} [{r.Ratio.LowerQuartile:F2}..{r.Ratio.UpperQuartile:F2}] n {r.Ratio.Count} target {r.Target}"));

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

    /// <summary>How many tokens an answer has; null where nothing says it.</summary>
    public static Tensor? Lengths(OracleInputs given, Tensor logps, string which) =>
        given.Constant($"{which}_lengths") is Tensor lengths ? lengths
        : logps.dim() == 1 ? null
        : Kept(given, logps, which).sum(1).clamp_min(1).to(logps.dtype);

    /// <summary>The sum over tokens that count; what is a sum already stays.</summary>
    public static Tensor Summed(OracleInputs given, Tensor logps, string which) =>
        logps.dim() == 1 ? logps : where(Kept(given, logps, which), logps, zeros_like(logps)).sum(1);

    private static Tensor Reference(OracleInputs given, string which) =>
        Averaged(given.Constant($"reference_{which}_logps")!, given, which, averages: false);

    private static Tensor Averaged(Tensor logps, OracleInputs given, string which, bool averages)
    {
        Tensor summed = Summed(given, logps, which);
        return given.Flag("length_normalize", averages) && Lengths(given, logps, which) is Tensor lengths
            ? summed / lengths
            : summed;
    }

    private static Tensor Kept(OracleInputs given, Tensor logps, string which)
    {
        if (given.Constant($"{which}_mask") is Tensor mask)
        {
            return mask.to(ScalarType.Bool);
        }

        return given.Constant($"{which}_lengths") is Tensor lengths
            ? arange(logps.shape[1]).unsqueeze(0) < lengths.unsqueeze(1)
            : ones_like(logps, ScalarType.Bool);
    }
}

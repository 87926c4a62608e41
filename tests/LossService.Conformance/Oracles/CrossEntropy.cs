using LossService.Conformance.Oracles.Harness;
using TorchSharp;
using static TorchSharp.torch;

namespace LossService.Conformance.Oracles;

internal sealed class CrossEntropy : IOracle
{
    public string Loss => "cross_entropy";

    public OracleItems Items(OracleInputs given)
    {
        OracleItems items = ClassTargets.Items(given, "logits", Ops.Surprisal) with
        {
            MeanCountsIgnored = !given.Flag("avg_non_ignore", true),
        };
        return given.IsPeer ? items with { Losses = Torch(given) } : items;
    }

    private static Tensor Torch(OracleInputs given) => nn.functional.cross_entropy(
        given["logits"],
        ClassTargets.AreLabels(given, "logits") ? given.Labels("targets") : given["targets"],
        given.Constant("weight"),
        (long)given.Number("ignore_index", -100),
        nn.Reduction.None,
        given.Number("label_smoothing", 0));
}

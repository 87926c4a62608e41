using LossService.Conformance.Oracles.Harness;
using TorchSharp;
using static TorchSharp.torch;

namespace LossService.Conformance.Oracles;

internal sealed class ContrastiveLoss : IOracle
{
    public string Loss => "contrastive_loss";

    public OracleItems Items(OracleInputs given)
    {
        Tensor distance = given.Has("distances")
            ? given["distances"]
            : Ops.Distance(given["input1"], given["input2"], given);
        Tensor alike = given.Labels("targets") == (long)given.Number("positive_label", 1);
        double power = given.Number("power", 1);

        Tensor pull = Ops.Hinge(distance - given.Number("pos_margin", 0), given).pow(power);
        Tensor push = Ops.Hinge(given.Number("margin", 1) - distance, given).pow(power);
        return given.Weighted(where(alike, pull, push) * (given.Flag("half", false) ? 0.5 : 1));
    }
}

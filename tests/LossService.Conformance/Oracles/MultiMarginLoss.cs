using LossService.Conformance.Oracles.Harness;
using TorchSharp;
using static TorchSharp.torch;

namespace LossService.Conformance.Oracles;

internal sealed class MultiMarginLoss : IOracle
{
    public string Loss => "multi_margin_loss";

    public OracleItems Items(OracleInputs given)
    {
        Tensor z = given["logits"];
        int axis = Ops.ClassAxis(z);
        Tensor labels = given.Labels("targets");
        Tensor own = z.gather(axis, labels.unsqueeze(axis));
        Tensor over = Ops.Margin(given.Number("margin", 1) - own + z, given);
        Tensor terms = given.Word("p", "1") == "2" ? over.square() : over;
        Tensor losses = (terms * (1 - Ops.OneHot(labels, z))).sum(axis) / z.shape[axis];
        Tensor? weights = given.Constant("weight") is Tensor weight ? weight[labels] : null;
        return new(weights is null ? losses : losses * weights) { Weights = weights };
    }
}

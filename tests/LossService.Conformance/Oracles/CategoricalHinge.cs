using LossService.Conformance.Oracles.Harness;
using TorchSharp;
using static TorchSharp.torch;

namespace LossService.Conformance.Oracles;

internal sealed class CategoricalHinge : IOracle
{
    public string Loss => "categorical_hinge";

    public OracleItems Items(OracleInputs given)
    {
        Tensor z = given["logits"];
        Tensor labels = given.Labels("targets");
        Tensor counted = labels != (long)given.Number("ignore_index", -100);
        labels = where(counted, labels, zeros_like(labels));
        z = Ops.KeepRows(z, counted);
        int axis = Ops.ClassAxis(z);
        Tensor own = z.gather(axis, labels.unsqueeze(axis)).squeeze(axis);
        Tensor others = where(Ops.OneHot(labels, z) == 1, full_like(z, double.NegativeInfinity), z);
        Tensor best = z.gather(axis, others.argmax(axis, keepdim: true)).squeeze(axis);
        Tensor alone = others.amax([axis]).isinf(); // a single class has no other
        Tensor violation = where(alone, full_like(own, -1), given.Number("margin", 1) + best - own);
        Tensor losses = Ops.Hinge(violation, given);
        return new(where(counted, losses, zeros_like(losses))) { Counted = counted };
    }
}

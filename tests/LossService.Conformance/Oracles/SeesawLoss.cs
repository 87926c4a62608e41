using LossService.Conformance.Oracles.Harness;
using TorchSharp;
using static TorchSharp.torch;

namespace LossService.Conformance.Oracles;

internal sealed class SeesawLoss : IOracle
{
    public string Loss => "seesaw_loss";

    public OracleItems Items(OracleInputs given)
    {
        Tensor z = given["logits"];
        int axis = Ops.ClassAxis(z);
        Tensor labels = given.Labels("targets");
        Tensor counted = (labels != (long)given.Number("ignore_index", -100))
            .logical_and(given.Mask is Tensor mask ? OracleInputs.PerItem(mask, labels) : ones_like(labels, ScalarType.Bool));
        labels = where(counted, labels, zeros_like(labels));
        z = Ops.KeepRows(z, counted);
        Tensor own = Ops.OneHot(labels, z);
        Tensor seen = (own * counted.unsqueeze(axis).to(z.dtype)).reshape(-1, z.shape[axis]).sum([0L]);
        Tensor counts = (given.Constant("class_counts") is Tensor before ? before + seen : seen).clamp_min(1);

        Tensor mine = counts[labels].unsqueeze(axis);
        Tensor ratio = (counts.reshape(axis == 0 ? [-1L] : [1, -1]) / mine).clamp_max(1);
        Tensor surprisal = Ops.Surprisal(z);
        surprisal = given.Flag("detach_factors", true) ? surprisal.detach() : surprisal;
        Tensor floor = (own * -surprisal).sum(axis, keepdim: true).clamp_min(Math.Log(given.Number("eps", 0.01)));
        Tensor excess = (-surprisal - floor).relu();
        Tensor factors = (given.Number("p", 0.8) * ratio.log()) + (given.Number("q", 2) * excess);
        Tensor losses = (own * Ops.Surprisal(z + where(own == 1, zeros_like(factors), factors))).sum(axis);
        return new(where(counted, losses, zeros_like(losses))) { Counted = counted };
    }
}

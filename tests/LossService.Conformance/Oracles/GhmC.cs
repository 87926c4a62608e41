using LossService.Conformance.Oracles.Harness;
using TorchSharp;
using static TorchSharp.torch;

namespace LossService.Conformance.Oracles;

internal sealed class GhmC : IOracle
{
    public string Loss => "ghm_c";

    public OracleItems Items(OracleInputs given)
    {
        Tensor x = given["logits"];
        Tensor y = given.Constant("targets")!;
        double bins = given.Number("bins", 10);
        Tensor kept = given.Mask is Tensor mask ? OracleInputs.PerItem(mask, x).expand(x.shape) : ones_like(x, ScalarType.Bool);
        kept = given.Constant("label_weight") is Tensor weight ? kept.logical_and(weight > 0) : kept;
        Tensor gradient = (Ops.Sigmoid(x) - y).detach().abs().to(ScalarType.Float64);
        Tensor bin = (gradient * bins).floor().clamp_max(bins - 1).to(ScalarType.Int64);
        Tensor counts = bin[kept].bincount(null, (long)bins).to(ScalarType.Float64);
        Tensor filled = counts > 0;
        Tensor before = given.Constant("bin_counts")?.to(ScalarType.Float64) ?? zeros_like(counts);
        double momentum = given.Number("momentum", 0);
        Tensor share = kept.sum() / (filled.sum() * ((momentum * before) + ((1 - momentum) * counts)));
        Tensor costs = Ops.Times(y, Ops.Softplus(-x)) + Ops.Times(1 - y, Ops.Softplus(x));
        return new(costs * where(kept, share[bin], zeros_like(share[bin])).to(x.dtype)) { Counted = kept };
    }
}

using LossService.Conformance.Oracles.Harness;
using TorchSharp;
using static TorchSharp.torch;

namespace LossService.Conformance.Oracles;

internal sealed class AsymmetricLoss : IOracle
{
    public string Loss => "asymmetric_loss";

    public OracleItems Items(OracleInputs given)
    {
        Tensor x = given["logits"];
        Tensor y = given["targets"].detach();
        double clip = given.Number("clip", 0.05);
        double eps = given.Number("eps", 0);

        Tensor p = Ops.Sigmoid(x);
        Tensor q = Ops.Sigmoid(-x);
        Tensor shifted = (p - clip).relu();
        Tensor rest = where((p.detach() - clip) > 0.5, (q + clip).log(), (-shifted).log1p()); // log(1 - p_m)
        Tensor negative = Clamped(clip == 0 ? Ops.Softplus(x) : -rest);
        Tensor found = Fading(q, "gamma_pos", 1) * Clamped(Ops.Softplus(-x));
        Tensor missed = Fading(shifted, "gamma_neg", 4) * negative;
        return given.Weighted(where(y > 0, found, missed));

        Tensor Clamped(Tensor cost) =>
            where(cost.detach() > -Math.Log(eps), full_like(cost, -Math.Log(eps)), cost);

        Tensor Fading(Tensor miss, string gamma, double @default)
        {
            // A power below 1 has an infinite slope at 0, where the negative that is clipped has none.
            Tensor none = miss.detach() == 0;
            Tensor power = where(none, ones_like(miss), miss).pow(given.Number(gamma, @default));
            Tensor fading = where(none, full_like(miss, given.Number(gamma, @default) == 0 ? 1 : 0), power);
            return given.Flag("detach_focal_weight", false) ? fading.detach() : fading;
        }
    }
}

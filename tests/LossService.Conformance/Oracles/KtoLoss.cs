using LossService.Conformance.Oracles.Harness;
using TorchSharp;
using static TorchSharp.torch;

namespace LossService.Conformance.Oracles;

internal sealed class KtoLoss : IOracle
{
    public string Loss => "kto_loss";

    public OracleItems Items(OracleInputs given)
    {
        Tensor rewards = Preference.Summed(given, given["policy_logps"], "completion")
            - Preference.Summed(given, given.Constant("reference_logps")!, "completion");
        Tensor h = given.Number("beta", 0.1) * (rewards - Divergence(given, rewards.detach()));
        Tensor desirable = given.Number("desirable_weight", 1) * Ops.Sigmoid(-h);
        Tensor undesirable = given.Number("undesirable_weight", 1) * Ops.Sigmoid(h);
        return new(where(given.Labels("targets") == 1, desirable, undesirable));
    }

    // A constant of the batch: the mean of the finite samples that count, not below 0.
    private static double Divergence(OracleInputs given, Tensor rewards)
    {
        if (given.NumberOrNull("kl", null) is double fixedTo)
        {
            return fixedTo;
        }

        Tensor ratios = (given.Constant("kl_logratios") ?? rewards).to(ScalarType.Float64);
        Tensor counted = given.Mask is null ? ratios.isfinite() : given.Mask.logical_and(ratios.isfinite());
        long count = counted.sum().item<long>();
        return count == 0 ? 0 : Math.Max(0, where(counted, ratios, zeros_like(ratios)).sum().item<double>() / count);
    }
}

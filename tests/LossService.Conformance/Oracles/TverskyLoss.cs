using LossService.Conformance.Oracles.Harness;
using TorchSharp;
using static TorchSharp.torch;

namespace LossService.Conformance.Oracles;

internal sealed class TverskyLoss : IOracle
{
    public string Loss => "tversky_loss";

    public OracleItems Items(OracleInputs given)
    {
        var region = new Region(given);
        Tensor mean = region.Reduce(sum => Lost(region, given, sum, 0.5, 0.5));
        return region.Items(Bent(mean, given.Number("gamma", 1)));
    }

    /// <summary>1 - TP / (TP + alpha FP + beta FN).</summary>
    public static Tensor Lost(
        Region region, OracleInputs given, Func<Tensor, Tensor> sum, double alpha, double beta)
    {
        Tensor both = sum(region.Predicted * region.Truth);
        Tensor falsely = sum(region.Predicted * region.Untruth);
        Tensor missed = sum(region.Rest * region.Truth);
        return region.Lost(
            both, both + (given.Number("alpha", alpha) * falsely) + (given.Number("beta", beta) * missed));
    }

    /// <summary>A power, without slope at 0 where that would be infinite.</summary>
    public static Tensor Bent(Tensor loss, double power)
    {
        Tensor none = (loss.detach() == 0).logical_and(tensor(power != 1));
        return where(none, zeros_like(loss), where(none, ones_like(loss), loss).pow(power));
    }
}

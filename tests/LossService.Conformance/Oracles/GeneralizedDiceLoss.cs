using LossService.Conformance.Oracles.Harness;
using TorchSharp;
using static TorchSharp.torch;

namespace LossService.Conformance.Oracles;

internal sealed class GeneralizedDiceLoss : IOracle
{
    public string Loss => "generalized_dice_loss";

    public OracleItems Items(OracleInputs given)
    {
        var region = new Region(given);
        double power = given.Word("weight_type", "square") switch
        {
            "square" => 2,
            "simple" => 1,
            _ => 0,
        };
        Tensor weights = region.Weights / (region.Sum(region.Truth).pow(power) + given.Number("weight_eps", 1e-7));
        Tensor both = region.Sum(region.Predicted * region.Truth);
        Tensor all = region.Sum(region.Predicted) + region.Sum(region.Truth);
        if (given.Word("class_reduction", "joint") == "mean")
        {
            return region.Items(region.Mean(region.Lost(2 * both, all), "skip", weights));
        }

        Tensor counts = region.Presence("skip").Counts.to(given.Dtype);
        weights = weights * counts;
        Tensor total = weights.sum([1], keepdim: true);
        Tensor none = total.detach() == 0;
        weights = weights * counts.sum([1], keepdim: true) / where(none, ones_like(total), total);
        Tensor losses = region.Lost(2 * (weights * both).sum([1]), (weights * all).sum([1]));
        return region.Items(region.Joined(losses, "skip"));
    }
}

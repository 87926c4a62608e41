using LossService.Conformance.Oracles.Harness;
using TorchSharp;
using static TorchSharp.torch;

namespace LossService.Conformance.Oracles;

internal sealed class LovaszSoftmaxLoss : IOracle
{
    public string Loss => "lovasz_softmax_loss";

    public OracleItems Items(OracleInputs given)
    {
        var region = new Region(given, ranks: true);
        Tensor errors = where(region.Truth > 0, region.Rest, region.Predicted);
        errors = where(errors.detach() == 0, zeros_like(errors), errors); // the slope of |t - p| at 0
        return region.Items(region.Mean(Lovasz.Losses(region, errors, error => error), "skip"));
    }
}

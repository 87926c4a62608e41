using LossService.Conformance.Oracles.Harness;
using TorchSharp;
using static TorchSharp.torch;

namespace LossService.Conformance.Oracles;

internal sealed class LovaszHingeLoss : IOracle
{
    public string Loss => "lovasz_hinge_loss";

    public OracleItems Items(OracleInputs given)
    {
        var region = new Region(given, isHinge: true, ranks: true);
        Tensor errors = 1 - (region.Predicted * ((2 * region.Truth) - 1));
        return region.Items(Lovasz.Losses(region, errors, error => Ops.Hinge(error, given)).squeeze(1));
    }
}

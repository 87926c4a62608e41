using LossService.Conformance.Oracles.Harness;
using TorchSharp;
using static TorchSharp.torch;

namespace LossService.Conformance.Oracles;

internal sealed class MccLoss : IOracle
{
    public string Loss => "mcc_loss";

    public OracleItems Items(OracleInputs given)
    {
        var region = new Region(given);
        double eps = given.Number("eps", 1e-5);
        return region.Items(region.Reduce(sum =>
        {
            Tensor tp = sum(region.Predicted * region.Truth) + eps;
            Tensor tn = sum(region.Rest * region.Untruth) + eps;
            Tensor fp = sum(region.Predicted * region.Untruth) + eps;
            Tensor fn = sum(region.Rest * region.Truth) + eps;
            Tensor spread = (tp + fp) * (tp + fn) * (tn + fp) * (tn + fn);
            return 1 - (((tp * tn) - (fp * fn)) / spread.sqrt());
        }));
    }
}

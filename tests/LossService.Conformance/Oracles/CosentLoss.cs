using LossService.Conformance.Oracles.Harness;
using TorchSharp;
using static TorchSharp.torch;

namespace LossService.Conformance.Oracles;

internal sealed class CosentLoss : IOracle
{
    public string Loss => "cosent_loss";

    public OracleItems Items(OracleInputs given) => RankedLists.Items(given, (s, y) =>
    {
        RankedLists.RequireFinite(s);
        Tensor lags = (-given.Number("scale", 20) * RankedLists.Differences(s))[RankedLists.Above(y)];
        if (lags.numel() == 0)
        {
            return s.sum() * 0;
        }

        double top = Math.Max(0, lags.detach().max().to(ScalarType.Float64).item<double>());
        Tensor rest = (lags - top).exp().sum();
        return top == 0 ? rest.log1p() : top + (rest + Math.Exp(-top)).log();
    });
}

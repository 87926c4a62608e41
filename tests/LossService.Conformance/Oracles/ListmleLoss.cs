using LossService.Conformance.Oracles.Harness;
using TorchSharp;
using static TorchSharp.torch;

namespace LossService.Conformance.Oracles;

internal sealed class ListmleLoss : IOracle
{
    public string Loss => "listmle_loss";

    public OracleItems Items(OracleInputs given) => RankedLists.Items(given, (s, y) =>
    {
        RankedLists.RequireFinite(s);
        Tensor sorted = s[RankedLists.Ranks(y).argsort(0)];
        long length = s.shape[0];
        return stack([.. Enumerable.Range(0, (int)length)
            .Select(k => Ops.Surprisal(sorted.narrow(0, k, length - k))[0])]).sum();
    });
}

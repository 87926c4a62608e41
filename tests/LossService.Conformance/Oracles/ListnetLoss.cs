using LossService.Conformance.Oracles.Harness;
using TorchSharp;
using static TorchSharp.torch;

namespace LossService.Conformance.Oracles;

internal sealed class ListnetLoss : IOracle
{
    public string Loss => "listnet_loss";

    public OracleItems Items(OracleInputs given) => RankedLists.Items(given, (s, y) =>
    {
        if (given.Word("top_one", "softmax") == "softmax")
        {
            return Ops.Times((-Ops.Surprisal(y)).exp(), Ops.Surprisal(s)).sum();
        }

        Tensor sum = y.sum();
        return (sum == 0).item<bool>() ? zeros([], s.dtype) : Ops.Times(y / sum, Ops.Surprisal(s)).sum();
    });
}

using LossService.Conformance.Oracles.Harness;
using TorchSharp;
using static TorchSharp.torch;

namespace LossService.Conformance.Oracles;

internal sealed class Rmse : IOracle
{
    public string Loss => "rmse";

    public OracleItems Items(OracleInputs given)
    {
        Tensor errors = given["predictions"] - given["targets"];
        Tensor weights = given.Constant("weight") ?? ones_like(errors);
        if (given.Word("aggregate", "batch") != "sample")
        {
            Tensor whole = Root(errors.flatten(), weights.flatten(), out bool counts);
            return new(whole) { Counted = tensor(counts) };
        }

        var roots = new List<Tensor>();
        var counted = new List<bool>();
        for (int sample = 0; sample < errors.shape[0]; sample++)
        {
            roots.Add(Root(errors[sample].reshape(-1), weights[sample].reshape(-1), out bool counts));
            counted.Add(counts);
        }

        return new(roots.Count == 0 ? zeros([0], errors.dtype) : stack(roots)) { Counted = tensor(counted.ToArray()) };
    }

    private static Tensor Root(Tensor errors, Tensor weights, out bool counts)
    {
        counts = weights.sum().to(ScalarType.Float64).item<double>() > 0;
        Tensor live = (weights > 0).logical_and(errors.detach() != 0);
        if (!live.any().item<bool>())
        {
            return (errors * 0).nan_to_num().sum();
        }

        // A single error is its own magnitude: a square and its root would leave noise in the second derivative.
        (errors, weights, Tensor all) = (errors[live], weights[live], weights.sum());
        return errors.shape[0] == 1
            ? errors.abs().sum() * (weights / all).sqrt().sum()
            : ((weights * errors.square()).sum() / all).sqrt();
    }
}

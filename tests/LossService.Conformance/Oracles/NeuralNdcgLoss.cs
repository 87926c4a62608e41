using LossService.Conformance.Oracles.Harness;
using TorchSharp;
using static TorchSharp.torch;

namespace LossService.Conformance.Oracles;

internal sealed class NeuralNdcgLoss : IOracle
{
    public string Loss => "neural_ndcg_loss";

    public OracleItems Items(OracleInputs given) => RankedLists.Items(given, (scores, y) =>
    {
        Tensor gains = RankedLists.Gains(y, given);
        double k = given.NumberOrNull("k", null) ?? double.PositiveInfinity;
        Tensor ideal = RankedLists.Ideal(gains, y, k);
        if (ideal.to(ScalarType.Float64).item<double>() == 0)
        {
            return (scores * 0).sum();
        }

        RankedLists.RequireFinite(scores);
        long count = scores.shape[0];
        Tensor ranks = arange(1, count + 1, dtype: scores.dtype);
        Tensor discounts = where(ranks <= k, RankedLists.Discounts(ranks), zeros_like(ranks));
        Tensor slants = (count + 1 - (2 * ranks)).unsqueeze(1);
        Tensor sums = RankedLists.Differences(scores).abs().sum(1);
        Tensor logits = ((slants * scores.unsqueeze(0)) - sums.unsqueeze(0)) / given.Number("temperature", 1);
        Tensor sorting = Scaled((-Ops.Surprisal(logits)).exp(), given);
        return -(discounts.unsqueeze(1) * sorting * gains.unsqueeze(0)).sum() / ideal;
    });

    private static Tensor Scaled(Tensor matrix, OracleInputs given)
    {
        bool transposed = given.Flag("transposed", false);
        double tolerance = given.Number("sinkhorn_tolerance", 1e-6);
        Tensor scaled = transposed ? matrix.t() : matrix;
        Tensor ones = ones_like(matrix.select(0, 0));
        Tensor least = tensor(1e-10, dtype: matrix.dtype);
        for (int i = 0; i < given.Number("sinkhorn_iterations", 50); i++)
        {
            scaled = scaled / scaled.sum([0L], keepdim: true).maximum(least);
            scaled = scaled / scaled.sum([1L], keepdim: true).maximum(least);
            if (IsSettled(scaled, 0) && IsSettled(scaled, 1))
            {
                break;
            }
        }

        return transposed ? scaled.t() : scaled;

        bool IsSettled(Tensor now, long axis) =>
            (now.detach().sum([axis]) - ones).abs().max().to(ScalarType.Float64).item<double>() < tolerance;
    }
}

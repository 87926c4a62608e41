using TorchSharp;
using static TorchSharp.torch;

namespace LossService.Conformance.Oracles.Harness;

/// <summary>The Lovász extension of the Jaccard loss, as in the authors' own code.</summary>
internal static class Lovasz
{
    /// <summary>(regions, classes) from errors (samples, classes, places), ordered as they are and weighed as they
    /// cost; 0 for a region without places.</summary>
    public static Tensor Losses(Region region, Tensor errors, Func<Tensor, Tensor> costOf)
    {
        long classes = errors.shape[1];
        long regions = region.IsPerSample ? region.Samples : 1;
        var losses = new List<Tensor>();
        for (long r = 0; r < regions; r++)
        {
            for (long c = 0; c < classes; c++)
            {
                losses.Add(Loss(Part(errors, c, r), Part(region.Truth, c, r), Part(region.Kept, 0, r), costOf));
            }
        }

        Tensor none = zeros([0], errors.dtype);
        return losses.Count == 0 ? none.reshape(regions, classes) : stack(losses).reshape(regions, classes);

        Tensor Part(Tensor all, long c, long r) =>
            (region.IsPerSample ? all.select(0, r).select(0, c) : all.select(1, c)).flatten();
    }

    private static Tensor Loss(Tensor errors, Tensor truth, Tensor kept, Func<Tensor, Tensor> costOf)
    {
        errors = errors.masked_select(kept);
        truth = truth.masked_select(kept).detach();
        if (errors.numel() == 0)
        {
            return zeros([], errors.dtype);
        }

        double[] values = [.. errors.detach().to(ScalarType.Float64).data<double>()];
        long[] places = [.. Enumerable.Range(0, values.Length).Select(place => (long)place)];
        Tensor order = tensor(places.OrderByDescending(place => values[place]).ToArray()); // stable, as this sort is
        Tensor sorted = truth.index_select(0, order);
        Tensor all = sorted.sum();
        Tensor jaccard = 1 - ((all - sorted.cumsum(0)) / (all + (1 - sorted).cumsum(0)));
        Tensor growth = jaccard.diff(prepend: zeros([1], jaccard.dtype));
        return (costOf(errors.index_select(0, order)) * growth).sum();
    }
}

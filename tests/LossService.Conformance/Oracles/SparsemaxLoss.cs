using LossService.Conformance.Oracles.Harness;
using TorchSharp;
using static TorchSharp.torch;

namespace LossService.Conformance.Oracles;

internal sealed class SparsemaxLoss : IOracle
{
    public string Loss => "sparsemax_loss";

    public OracleItems Items(OracleInputs given)
    {
        Tensor z = given["logits"];
        Tensor labels = given.Labels("targets");
        Tensor counted = labels != (long)given.Number("ignore_index", -100);
        labels = where(counted, labels, zeros_like(labels));
        z = Ops.KeepRows(z, counted);
        RankedLists.RequireFinite(z);
        int axis = Ops.ClassAxis(z);
        z = z - z.detach().amax([axis], keepdim: true);
        Tensor own = z.gather(axis, labels.unsqueeze(axis)).squeeze(axis);

        // The support is constant where the loss is smooth: sorted scores k with 1 + k z_k > Σ_{j ≤ k} z_j.
        Tensor sorted = z.detach().sort(axis, descending: true).Values;
        long[] along = [.. z.shape.Select((length, i) => i == axis ? length : 1)];
        Tensor places = arange(1, z.shape[axis] + 1, dtype: z.dtype).reshape(along);
        Tensor inside = 1 + (places * sorted) > sorted.cumsum(axis);
        Tensor size = inside.sum(axis, keepdim: true).clamp_min(1).to(z.dtype); // a NaN is inside nothing
        Tensor least = sorted.gather(axis, (size.to(ScalarType.Int64) - 1));
        Tensor support = z.detach() >= least;
        Tensor chosen = where(support, z, zeros_like(z));
        Tensor threshold = (chosen.sum(axis, keepdim: true) - 1) / size;
        Tensor share = where(support, z - threshold, zeros_like(z));
        Tensor losses = (0.5 * share * (share + (2 * threshold))).sum(axis) - own + 0.5;
        return new(where(counted, losses, zeros_like(losses))) { Counted = counted };
    }
}

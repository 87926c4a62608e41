using LossService.Conformance.Oracles.Harness;
using TorchSharp;
using static TorchSharp.torch;

namespace LossService.Conformance.Oracles;

internal sealed class JsdCrossEntropy : IOracle
{
    public string Loss => "jsd_cross_entropy";

    public OracleItems Items(OracleInputs given)
    {
        Tensor logits = given.Leaf("logits");
        long classes = logits.shape[^1];
        if (logits.dim() == 2)
        {
            long parts = (long)given.Number("num_splits", 3);
            logits = logits.reshape(parts, logits.shape[0] / parts, classes);
        }

        logits = given.Mask is Tensor mask ? where(mask.unsqueeze(1), logits, full_like(logits, 0.5)) : logits;
        Tensor[] surprisals = [.. Enumerable.Range(0, (int)logits.shape[0]).Select(view => Ops.Surprisal(logits[view]))];
        Tensor[] p = [.. surprisals.Select(surprisal => (-surprisal).exp())];

        double eps = given.Number("eps", 1e-7);
        Tensor mixture = stack(p).mean([0L]);
        Tensor isLow = (mixture.detach() < eps).logical_or(mixture.detach() == 0);
        Tensor log = where(isLow, full_like(mixture, Math.Log(eps)), where(isLow, ones_like(mixture), mixture).log());
        Tensor divergence = stack([.. p.Zip(surprisals, (own, surprisal) => Term(own, surprisal, log))]).mean([0L]).sum(1);

        double smoothing = given.Number("label_smoothing", 0.1);
        Tensor targets = ((1 - smoothing) * Ops.OneHot(given.Labels("targets"), logits[0])) + (smoothing / classes);
        return new(Ops.Times(targets, surprisals[0]).sum(1) + (given.Number("alpha", 12) * divergence));
    }

    // p log(p / m), 0 without slope where p is 0.
    private static Tensor Term(Tensor p, Tensor surprisal, Tensor log)
    {
        Tensor isNone = p.detach() == 0;
        Tensor none = zeros_like(p);
        return where(isNone, none, p * where(isNone, none, -where(isNone, none, surprisal) - log));
    }
}

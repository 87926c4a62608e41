using LossService.Conformance.Oracles.Harness;
using TorchSharp;
using static TorchSharp.torch;

namespace LossService.Conformance.Oracles;

internal sealed class CtcLoss : IOracle
{
    public string Loss => "ctc_loss";

    public OracleItems Items(OracleInputs given)
    {
        string name = given.Which("log_probabilities", "logits");
        Tensor scores = given.Leaf(name);
        bool isOne = scores.dim() == 2;
        scores = isOne ? scores.unsqueeze(1) : scores;
        int samples = (int)scores.shape[1];
        long[] steps = given.Integers("input_lengths") ?? [.. Enumerable.Repeat(scores.shape[0], samples)];
        long[][] labels = [.. Labels(given, samples)];
        string reduction = given.Word("reduction_override", given.Word("reduction", "mean"));
        string normalization = given.Word("length_normalization", "mean");
        bool[] masked = [.. Enumerable.Range(0, samples).Select(sample =>
            given.Mask is not null && !given.Mask.reshape([-1])[sample].item<bool>())];
        Tensor[] losses = [.. Enumerable.Range(0, samples).Select(sample => masked[sample]
            ? zeros([], scores.dtype)
            : OfSequence(given, scores.narrow(0, 0, steps[sample]).select(1, sample), labels[sample], name == "logits"))];
        Tensor items = losses.Length == 0 ? zeros([0], scores.dtype) : isOne ? losses[0] : stack(losses);
        double[] perLabel = [.. labels.Select(row => 1.0 / Math.Max(1, row.Length))];
        Tensor shares = tensor(perLabel, items.dtype).reshape(items.shape);

        // The division is an item's own, or the mean's.
        return normalization == "always" ? new(items * shares)
            : new(items) { Shares = normalization == "mean" && reduction == "mean" ? shares : null };
    }

    private static Tensor OfSequence(OracleInputs given, Tensor scores, long[] labels, bool areLogits)
    {
        long blank = (long)given.Number("blank", 0);
        Tensor costs = areLogits ? Ops.Surprisal(scores) : -scores; // along the classes: axis 1
        Tensor loss = scores.shape[0] == 0
            ? tensor(labels.Length == 0 ? 0 : double.PositiveInfinity, scores.dtype)
            : Alignments(costs, labels, blank);
        if (!loss.isfinite().item<bool>())
        {
            return given.Flag("zero_infinity", false) ? zeros([], scores.dtype)
                : given.Flag("through_log_softmax", false) ? loss.detach() + Undefined(scores)
                : loss.detach();
        }

        // What a log-softmax behind them would add to the slopes of log-probabilities: p, and nothing to the value.
        Tensor p = scores.exp().sum();
        return given.Flag("through_log_softmax", false) && !areLogits ? loss + (p - p.detach()) : loss;
    }

    /// <summary>0 with a slope that is no number.</summary>
    private static Tensor Undefined(Tensor scores) => ((scores - scores.detach()).abs().sqrt() * 0).sum();

    /// <summary>-log Σ over alignments, a state at a time: a label or the blank between two. What cannot be reached is
    /// left out, so that no slope is 0 times an infinity.</summary>
    private static Tensor Alignments(Tensor costs, long[] labels, long blank)
    {
        long[] states = [blank, .. labels.SelectMany(label => new[] { label, blank })];
        Tensor?[] reached = [.. states.Select((state, s) => s < 2 ? -costs[0, state] : null)];
        for (long step = 1; step < costs.shape[0]; step++)
        {
            Tensor?[] before = reached;
            reached = [.. states.Select((state, s) =>
            {
                bool skips = s > 1 && state != blank && state != states[s - 2];
                Tensor? sum = LogSum(before[s], s > 0 ? before[s - 1] : null, skips ? before[s - 2] : null);
                return sum is null ? null : sum - costs[step, state];
            })];
        }

        Tensor? all = LogSum(reached[^1], states.Length > 1 ? reached[^2] : null);
        return all is null ? tensor(double.PositiveInfinity, costs.dtype) : -all;
    }

    private static Tensor? LogSum(params Tensor?[] terms)
    {
        Tensor[] given = [.. terms.OfType<Tensor>()];
        return given.Length == 0 ? null : given.Length == 1 ? given[0] : stack(given).logsumexp(0);
    }

    private static IEnumerable<long[]> Labels(OracleInputs given, int samples)
    {
        long[] labels = given.Integers("targets")!;
        long[]? lengths = given.Integers("target_lengths");
        bool isPacked = given.Rank("targets") == 1 && given.Rank(given.Which("log_probabilities", "logits")) == 3;
        int width = samples == 0 ? 0 : labels.Length / samples;
        int start = 0;
        for (int sample = 0; sample < samples; sample++)
        {
            int length = (int)(lengths?[sample] ?? width);
            yield return labels[start..(start + Math.Max(0, Math.Min(length, labels.Length - start)))];
            start += isPacked ? length : width;
        }
    }
}

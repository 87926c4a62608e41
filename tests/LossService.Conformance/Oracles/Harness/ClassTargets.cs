using TorchSharp;
using static TorchSharp.torch;

namespace LossService.Conformance.Oracles.Harness;

/// <summary>What cross-entropies share: labels or probabilities, class weights, ignored labels, smoothing.</summary>
internal static class ClassTargets
{
    /// <summary>True when <c>targets</c> are labels: one axis less than the scores, unless told otherwise.</summary>
    public static bool AreLabels(OracleInputs given, string scores) => given.Word("target_type", "") switch
    {
        "index" => true,
        "" => given.Rank("targets") < given.Rank(scores),
        _ => false,
    };

    /// <summary>Σ_c w_c t'_c cost_c a row, with t' the smoothed targets; ignored rows leave the mean.</summary>
    public static OracleItems Items(OracleInputs given, string scores, Func<Tensor, Tensor> costOf)
    {
        Tensor rows = given[scores];
        int axis = Ops.ClassAxis(rows);
        long classes = rows.shape[axis];
        double smoothing = given.Number("label_smoothing", 0);

        Tensor targets;
        Tensor? counted = null;
        Tensor? weights = null;
        if (AreLabels(given, scores))
        {
            Tensor labels = given.Labels("targets");
            counted = labels != (long)given.Number("ignore_index", -100);
            labels = where(counted, labels, zeros_like(labels));
            rows = Ops.KeepRows(rows, counted);
            targets = Ops.OneHot(labels, rows);
        }
        else
        {
            targets = given["targets"];
        }

        Tensor factor = ((1 - smoothing) * targets) + (smoothing / classes);
        if (given.Constant("weight") is Tensor weight)
        {
            weight = Ops.AlongClasses(weight, rows);
            weights = (targets.detach() * weight).sum(axis);
            factor = factor * weight;
        }

        Tensor losses = Ops.Times(factor, costOf(rows)).sum(axis);
        return new(counted is null ? losses : where(counted, losses, zeros_like(losses)))
        {
            Counted = counted,
            Weights = weights,
            MeanDividesByWeights = counted is not null, // labels do, probabilities count rows
        };
    }

    /// <summary>A function of -log p_y and 1 - p_y a row, by class weight; y a label, ignored rows leave the mean.</summary>
    public static OracleItems OfLabel(OracleInputs given, Func<Tensor, Tensor, Tensor> item)
    {
        Tensor labels = given.Labels("targets");
        Tensor counted = labels != (long)given.Number("ignore_index", -100);
        labels = where(counted, labels, zeros_like(labels));
        Tensor rows = Ops.KeepRows(given["logits"], counted);
        int axis = Ops.ClassAxis(rows);
        Tensor surprisal = Ops.Surprisal(rows).gather(axis, labels.unsqueeze(axis)).squeeze(axis);
        Tensor losses = item(surprisal, Ops.OneLessExp(surprisal));
        Tensor? weights = null;
        if (given.Constant("weight") is Tensor weight)
        {
            weights = weight[labels];
            losses = losses * weights;
        }

        return new(where(counted, losses, zeros_like(losses)))
        {
            Counted = counted,
            Weights = weights,
        };
    }
}

using TorchSharp;
using static TorchSharp.torch;

namespace LossService.Conformance.Oracles.Harness;

/// <summary>Predictions and truths as (samples, classes, places), zero where a place is ignored, and their sums by
/// region and class.</summary>
internal sealed class Region
{
    private readonly OracleInputs _given;
    private readonly long _classes;
    private readonly long _places;

    public Region(OracleInputs given, bool isHinge = false, bool ranks = false)
    {
        _given = given;
        string name = given.Has("logits") ? "logits" : "probabilities";
        Tensor x = given[name];
        string mode = given.Word("mode", x.dim() == 1 ? "binary" : "multiclass");
        IsBinary = isHinge || mode == "binary";
        long[] axes = x.shape;
        _classes = IsBinary ? 1 : axes[1];
        _places = axes[(IsBinary ? 1 : 2)..].Aggregate(1L, (product, length) => product * length);
        Samples = axes[0];
        if (_places * (IsPerSample ? 1 : Samples) == 1 && !ranks)
        {
            throw new NotSupportedException("The terms of a region of one place cancel, and autograd keeps their noise.");
        }


        Tensor kept = ones([Samples, 1, _places], ScalarType.Bool);
        string type = given.Word("target_type", IsBinary || given.Rank("targets") == axes.Length ? "probability" : "index");
        if (type == "index" || isHinge)
        {
            Tensor labels = given.Labels("targets");
            kept = (labels != (long)given.Number("ignore_index", -100)).reshape(Samples, 1, _places);
            labels = where(kept.reshape(labels.shape), labels, zeros_like(labels));
            Truth = IsBinary ? Fold((labels == 1).to(given.Dtype)) : Fold(Ops.OneHot(labels, x));
        }
        else
        {
            Truth = Fold(given["targets"]);
        }

        (Tensor p, Tensor rest) = (isHinge || name == "probabilities", mode) switch
        {
            (true, _) => (x, 1 - x),
            (_, "multiclass") when !IsBinary => Softmax(x),
            _ => (Ops.Sigmoid(x), Ops.Sigmoid(-x)),
        };
        Kept = kept;
        Predicted = Keep(Fold(p));
        Rest = Keep(Fold(rest));
        Untruth = Keep(1 - Truth);
        Truth = Keep(Truth);
    }

    public bool IsBinary { get; }

    public long Samples { get; }

    public Tensor Predicted { get; }

    /// <summary>1 - p.</summary>
    public Tensor Rest { get; }

    public Tensor Truth { get; }

    public Tensor Untruth { get; }

    /// <summary>(samples, 1, places): what is not ignored.</summary>
    public Tensor Kept { get; }

    public bool IsPerSample => _given.Word("aggregate", "batch") == "sample";

    /// <summary>(regions, classes).</summary>
    public Tensor Sum(Tensor terms) => IsPerSample ? terms.sum([2]) : terms.sum([0, 2]).unsqueeze(0);

    /// <summary>(regions, classes): which classes have a true place.</summary>
    public Tensor Present => Sum(Truth).detach() > 0;

    /// <summary>1 a class unless given.</summary>
    public Tensor Weights => _given.Constant("weight") ?? ones([_classes], _given.Dtype);

    /// <summary>The ratio with its library's habits, as a loss: 1 - it or -log of it.</summary>
    public Tensor Lost(Tensor found, Tensor all)
    {
        double smooth = _given.Number("smooth", 0);
        double eps = _given.Number("eps", 1e-7);
        Tensor denominator = all + smooth;
        bool adds = _given.Word("eps_mode", "clamp") == "add";
        denominator = adds ? denominator + eps : denominator.clamp_min(eps);
        Tensor score = (found + smooth) / denominator;
        if (_given.Flag("log_loss", false))
        {
            return -score.clamp_min(eps).log();
        }

        // A loss that is little but the eps which was added has its digits only if it is not 1 minus something.
        Tensor lost = 1 - score;
        return adds ? where(score.detach() > 0.5, (all - found + eps) / denominator, lost) : lost;
    }

    /// <summary>Which classes stay in a region's mean, and which of these cost what the formula says.</summary>
    public (Tensor Stays, Tensor Counts) Presence(string @default = "count")
    {
        string absent = _given.Word("absent_classes", @default);
        Tensor all = ones_like(Present);
        return (absent == "skip" ? Present : all, absent == "count" ? all : Present);
    }

    /// <summary>Classes' losses (regions, classes) to those of regions.</summary>
    public Tensor Mean(Tensor losses, string absent = "count", Tensor? weights = null)
    {
        (Tensor stays, Tensor counts) = Presence(absent);
        Tensor byClass = weights ?? Weights.expand_as(losses);
        Tensor shares = where(stays, byClass, zeros_like(byClass));
        Tensor total = (where(counts, losses, zeros_like(losses)) * shares).sum([1]);
        if (_given.Word("class_reduction", "mean") == "sum")
        {
            return total;
        }

        bool byWeights = weights is not null || _given.Word("weight_normalization", "") == "sum_weights";
        Tensor divisor = byWeights ? shares.sum([1]) : stays.to(losses.dtype).sum([1]);
        Tensor none = divisor.detach() == 0;
        return where(none, zeros_like(total), total / where(none, ones_like(divisor), divisor));
    }

    /// <summary>Losses by class, averaged or joined as <c>class_reduction</c> says.</summary>
    public Tensor Reduce(Func<Func<Tensor, Tensor>, Tensor> loss)
    {
        if (_given.Word("class_reduction", "mean") != "joint")
        {
            return Mean(loss(Sum));
        }

        Tensor counts = Presence().Counts.to(_given.Dtype);
        return Joined(loss(terms => (Sum(terms) * Weights * counts).sum([1])));
    }

    /// <summary>The losses of regions whose classes are joined: nothing where no class counts.</summary>
    public Tensor Joined(Tensor losses, string absent = "count") =>
        where(Presence(absent).Counts.any(1), losses, zeros_like(losses));

    /// <summary>Losses of regions as items; a region of ignored places alone does not count.</summary>
    public OracleItems Items(Tensor losses)
    {
        Tensor counted = Kept.reshape(IsPerSample ? [Samples, _places] : [1, Samples * _places]).any(1);
        return IsPerSample
            ? new(losses) { Counted = counted }
            : new(losses.squeeze(0)) { Counted = counted.squeeze(0) };
    }

    private static (Tensor P, Tensor Others) Softmax(Tensor x)
    {
        // The likeliest class has what the others leave: its own p may be 1 to the last digit, and a slope on it is
        // then a slope on the others, in which nothing cancels.
        Tensor p = (-Ops.Surprisal(x)).exp();
        Tensor top = p.detach().argmax(1, keepdim: true);
        Tensor others = p.scatter(1, top, zeros_like(p)).sum(1, keepdim: true);
        Tensor isTop = zeros_like(p).scatter(1, top, ones_like(p)).to(ScalarType.Bool);
        return (where(isTop, 1 - others, p), where(isTop, others.expand_as(p), 1 - p));
    }

    private Tensor Fold(Tensor terms) => terms.reshape(Samples, _classes, _places);

    private Tensor Keep(Tensor terms) => where(Kept, terms, zeros_like(terms));
}

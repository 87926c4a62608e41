using System.Runtime.CompilerServices;
using LossService.Engine.Cards;
using LossService.Engine.Families;
using LossService.Engine.Lanes;

namespace LossService.Engine.Losses.Information;

internal readonly struct KlDivergence(double scale, bool byTerm) : IDistributionLoss<KlDivergence>
{
    private static readonly Parameter ClassReduction = Parameter.Choice(
        "class_reduction", ["sum", "none"],
        "Whether a row's terms are summed to its divergence, or are items of their own as in PyTorch.");

    public static LossCard Card { get; } = new()
    {
        Name = "kl_divergence",
        Family = "information",
        Aliases = ["kl_div", "kld", "kullback_leibler_divergence", "relative_entropy"],
        Summary = "Measures how far q is from p, seen from p: D(p || q).",
        Formula = @"\sum_i p_i\,(\log_b p_i-\log_b q_i)",
        References =
        [
            new("Kullback and Leibler, On Information and Sufficiency, 1951", "https://doi.org/10.1214/aoms/1177729694"),
            new("PyTorch, torch.nn.KLDivLoss", "https://docs.pytorch.org/docs/stable/generated/torch.nn.KLDivLoss.html"),
        ],
        Inputs =
        [
            .. Distributions.Side("p", "The target distribution", GradientRule.OnRequest),
            .. Distributions.Side("q", "The predicted distribution", GradientRule.Default),
        ],
        Items = "N *D | ",
        ItemsWith = new(ClassReduction, "none", "N C *D | C"),
        Parameters = [LogBase.Parameter, ClassReduction],
        HasBatchMean = true,
        Edges =
        [
            "The direction matters: D(p || q) is not D(q || p). PyTorch's kl_div takes (log_q, p) in that order.",
            "0 log 0 is 0; p above 0 where q is 0 costs +Infinity; where both are 0 the term and its gradients are 0.",
            "A mean divides by the rows, which is the divergence; PyTorch's divides by every element: preset \"pytorch\".",
            "Between logits a row's sum is never negative and keeps its digits near 0; other forms are taken as written.",
        ],
        Presets = [new("pytorch", ("class_reduction", "none"), ("empty", "nan")), new("optax", ("reduction", "none"))],
        Examples =
        [
            new("uniform", "From a skewed to a uniform distribution.",
                """{"p":[0.5,0.25,0.25,0.0],"q":[0.25,0.25,0.25,0.25]}"""),
            new("pytorch", "As kl_div(log_q, p, reduction=\"batchmean\").",
                """{"p":[[0.5,0.5]],"log_q":[[-1.2039728,-0.35667494]],"reduction":"batchmean"}"""),
        ],
    };

    public static bool IsDivergence => true;

    public double Scale => scale;

    public double Temperature => 1;

    public double HardWeight => 0;

    public bool ItemsAreTerms => byTerm;

    public bool IsCrossEntropyInQ => true;

    public bool TellsIdentity => true;

    public static KlDivergence Configure(Settings settings) =>
        new(LogBase.Scale(settings), settings.Word(ClassReduction) == "none");

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Term<V>(V p, V logP, V q, V logQ, V gap) where V : struct, ILane<V>
    {
        // Where both are 0 the difference of their logarithms is no number; it belongs to a term that is 0.
        V both = V.Select(V.Same(logQ, double.NegativeInfinity), p, 1);
        return V.ZeroTimes(p, V.Select(V.Same(both, 0), 0, logP - logQ));
    }
}

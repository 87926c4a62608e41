using System.Runtime.CompilerServices;
using LossService.Engine.Cards;
using LossService.Engine.Families;
using LossService.Engine.Lanes;

namespace LossService.Engine.Losses.Information;

internal readonly struct JsDivergence(double scale) : IDistributionLoss<JsDivergence>
{
    public static LossCard Card { get; } = new()
    {
        Name = "js_divergence",
        Family = "information",
        Aliases = ["jensen_shannon_divergence", "jsd"],
        Summary = "Measures how far two distributions are from their middle: never infinite.",
        Formula = @"\tfrac12 D(p\,\|\,m)+\tfrac12 D(q\,\|\,m),\qquad m=\tfrac12(p+q)",
        References = [new("Lin, Divergence Measures Based on the Shannon Entropy, 1991", "https://doi.org/10.1109/18.61115")],
        Inputs =
        [
            .. Distributions.Side("p", "One distribution", GradientRule.OnRequest),
            .. Distributions.Side("q", "The other distribution", GradientRule.Default),
        ],
        Items = "N *D | ",
        Parameters = [LogBase.Parameter],
        HasBatchMean = true,
        HasHessian = false,
        Edges =
        [
            "It is symmetric, at most log 2, and finite where one side is 0 and the other is not.",
            "The mean divides by the rows.",
            "It keeps its digits where both sides are nearly alike and written in the same way, also in float32.",
            "Where a side is 0 its own slope, infinite in the limit, is 0.",
        ],
        Examples =
        [
            new("uniform", "A skewed and a uniform distribution, in bits.",
                """{"p":[0.5,0.25,0.25,0.0],"q":[0.25,0.25,0.25,0.25],"base":2}"""),
        ],
    };

    public static bool TakesGap => true;

    public double Scale => scale;

    public double Temperature => 1;

    public double HardWeight => 0;

    public bool ItemsAreTerms => false;

    public bool IsCrossEntropyInQ => false;

    public bool TellsIdentity => false;

    public static JsDivergence Configure(Settings settings) => new(LogBase.Scale(settings));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Term<V>(V p, V logP, V q, V logQ, V gap) where V : struct, ILane<V> => Mixture.Term(p, q, logQ, gap);
}

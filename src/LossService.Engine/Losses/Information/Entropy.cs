using System.Runtime.CompilerServices;
using LossService.Engine.Cards;
using LossService.Engine.Families;
using LossService.Engine.Lanes;

namespace LossService.Engine.Losses.Information;

internal readonly struct Entropy(double scale) : IDistributionLoss<Entropy>
{
    public static LossCard Card { get; } = new()
    {
        Name = "entropy",
        Family = "information",
        Aliases = ["shannon_entropy"],
        Summary = "Measures how undecided a distribution is.",
        Formula = @"-\sum_i p_i\log_b p_i",
        References = [new("Shannon, A Mathematical Theory of Communication, 1948", "https://doi.org/10.1002/j.1538-7305.1948.tb01338.x")],
        Inputs = Distributions.Side("p", "The distribution", GradientRule.Default),
        Items = "N *D | ",
        Parameters = [LogBase.Parameter],
        HasBatchMean = true,
        Edges = ["0 log 0 is 0; the gradient at p = 0 is +Infinity."],
        Examples = [new("bits", "A distribution of one and a half bits.", """{"p":[0.5,0.25,0.25,0.0],"base":"2"}""")],
    };

    public double Scale => scale;

    public double Temperature => 1;

    public double HardWeight => 0;

    public bool ItemsAreTerms => false;

    public bool IsCrossEntropyInQ => false;

    public bool TellsIdentity => false;

    public static Entropy Configure(Settings settings) => new(LogBase.Scale(settings));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Term<V>(V p, V logP, V q, V logQ, V gap) where V : struct, ILane<V> => -V.ZeroTimes(p, logP);
}

using System.Runtime.CompilerServices;
using LossService.Engine.Cards;
using LossService.Engine.Families;
using LossService.Engine.Lanes;

namespace LossService.Engine.Losses.Information;

internal readonly struct DistributionCrossEntropy(double scale) : IDistributionLoss<DistributionCrossEntropy>
{
    public static LossCard Card { get; } = new()
    {
        Name = "distribution_cross_entropy",
        Family = "information",
        Aliases = ["soft_target_cross_entropy"],
        Summary = "Measures what it costs to code one distribution with another's code.",
        Formula = @"-\sum_i p_i\log_b q_i",
        References = [new("Cover and Thomas, Elements of Information Theory, 2006", "https://doi.org/10.1002/047174882X")],
        Inputs =
        [
            .. Distributions.Side("p", "The target distribution", GradientRule.OnRequest),
            .. Distributions.Side("q", "The predicted distribution", GradientRule.Default),
        ],
        Items = "N *D | ",
        Parameters = [LogBase.Parameter],
        HasBatchMean = true,
        Edges = ["0 log 0 is 0; p above 0 where q is 0 costs +Infinity."],
        Examples =
        [
            new("uniform", "A code for four equal events.", """{"p":[0.5,0.25,0.25,0.0],"q":[0.25,0.25,0.25,0.25]}"""),
            new("logits", "Soft targets for logits.", """{"p":[[0.7,0.2,0.1]],"q_logits":[[2.0,1.0,0.1]]}"""),
        ],
    };

    public double Scale => scale;

    public double Temperature => 1;

    public double HardWeight => 0;

    public bool ItemsAreTerms => false;

    public bool IsCrossEntropyInQ => true;

    public bool TellsIdentity => false;

    public static DistributionCrossEntropy Configure(Settings settings) => new(LogBase.Scale(settings));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Term<V>(V p, V logP, V q, V logQ, V gap) where V : struct, ILane<V> => -V.ZeroTimes(p, logQ);
}

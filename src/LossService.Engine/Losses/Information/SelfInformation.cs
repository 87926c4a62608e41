using System.Runtime.CompilerServices;
using LossService.Engine.Cards;
using LossService.Engine.Families;
using LossService.Engine.Lanes;

namespace LossService.Engine.Losses.Information;

internal readonly struct SelfInformation(double scale) : IUnaryLoss<SelfInformation>
{
    public static LossCard Card { get; } = new()
    {
        Name = "self_information",
        Family = "information",
        Aliases = ["surprisal"],
        Summary = "Measures how surprising an event is: the logarithm of one over its probability.",
        Formula = @"-\log_b p",
        References = [new("Shannon, A Mathematical Theory of Communication, 1948", "https://doi.org/10.1002/j.1538-7305.1948.tb01338.x")],
        Inputs =
        [
            new("p", "*S", "Probabilities of the events, in [0, 1]; any shape.")
            {
                Gradient = GradientRule.Default,
                Domain = Domain.Probability,
            },
        ],
        Items = "*S",
        Parameters = [LogBase.Parameter],
        Edges = ["p = 0 is infinitely surprising: the loss is +Infinity and its gradient -Infinity."],
        Examples = [new("coin", "Heads, and one of eight.", """{"p":[0.5,0.125],"base":"2","reduction":"none"}""")],
    };

    public static SelfInformation Configure(Settings settings) => new(LogBase.Scale(settings));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Loss<V>(V x) where V : struct, ILane<V> => -(scale * V.Log(x));
}

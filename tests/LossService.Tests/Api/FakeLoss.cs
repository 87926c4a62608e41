using LossService.Engine;
using LossService.Engine.Cards;
using LossService.Engine.Families;
using LossService.Engine.Numerics;

namespace LossService.Tests.Api;

/// <summary>Losses whose cards or kernels no real loss has, to reach every corner of the HTTP contract.</summary>
internal sealed class FakeLoss : Loss
{
    private static readonly Parameter Power = Parameter.Number("power", 1, "Any positive number.", min: 0, minOpen: true);
    private static readonly Parameter Alpha = Parameter.Number("alpha", 0, "How much of extra.", min: 0, max: 1);

    private readonly Func<LossRequest, Workshop, LossResult> _run;

    private FakeLoss(LossCard card, Func<LossRequest, Workshop, LossResult> run)
        : base(card) => _run = run;

    /// <summary>Has a rule of every kind on its card, and answers zeros.</summary>
    public static FakeLoss Strict { get; } = new(
        CardOf("fake_strict") with
        {
            HasHessian = false,
            Aliases = ["fake_alias"],
            Parameters = [Power, Alpha],
            Inputs =
            [
                new("logits", "N C", "Scores.") { Gradient = GradientRule.Default },
                new("q", "N", "One way.") { OneOf = "side", Gradient = GradientRule.OnRequest },
                new("log_q", "N", "Another way.") { OneOf = "side" },
                new("extra", "N", "Belongs to alpha.") { Optional = true, NeededWith = Alpha },
                new("targets", "Labels.", [new("N", InputKind.Label) { Classes = "C" }]),
            ],
            Items = "N",
            Examples = [new("simple", "Two rows.", """{"logits":[[1,2],[3,4]],"q":[1,1],"targets":[0,1]}""")],
        },
        Zero);

    /// <summary>Has a bug.</summary>
    public static FakeLoss Broken { get; } = new(
        CardOf("fake_broken"), (_, _) => throw new InvalidOperationException("secret text of an exception"));

    /// <summary>Asks for more memory than there is.</summary>
    public static FakeLoss Greedy { get; } = new(CardOf("fake_greedy"), (request, workshop) =>
    {
        using Lease lease = new TensorPool(1).Rent(1);
        return Zero(request, workshop);
    });

    /// <summary>Answers infinity.</summary>
    public static FakeLoss Endless { get; } = new(
        CardOf("fake_endless"), (request, _) => new LossResult(request) { Loss = double.PositiveInfinity });

    /// <summary>Computes until it is cancelled.</summary>
    public static FakeLoss Slow { get; } = new(CardOf("fake_slow"), (request, workshop) =>
    {
        if (request.Tensor("predictions")!.Shape.Elements > 2)
        {
            workshop.Cancelled.WaitHandle.WaitOne(TimeSpan.FromSeconds(20));
        }

        workshop.Cancelled.ThrowIfCancellationRequested();
        return Zero(request, workshop);
    });

    /// <summary>Finds the process out of memory; in no list, since the service stops after it.</summary>
    public static FakeLoss Starving { get; } = new(CardOf("fake_starving"), (_, _) => throw new InsufficientMemoryException());

    public static IReadOnlyList<Loss> All { get; } = [Strict, Broken, Greedy, Endless, Slow];

    public override LossResult Run(LossRequest request, Workshop workshop) => _run(request, workshop);

    private static LossResult Zero(LossRequest request, Workshop workshop) => new(request) { Loss = 0 };

    private static LossCard CardOf(string name) => new()
    {
        Name = name,
        Family = "fake",
        Summary = "Stands in for a loss.",
        Formula = "0",
        References = [new("None", "https://example.org")],
        Inputs = [new("predictions", "N", "Numbers.") { Gradient = GradientRule.Default }],
        Items = "N",
        Examples = [new("simple", "Two numbers.", """{"predictions":[1,2]}""")],
    };
}

using LossService.Engine.Cards;

namespace LossService.Engine.Families;

/// <summary>What a mean divides by, in the order of the words of <c>reducer</c>.</summary>
internal enum Divisor
{
    /// <summary>The anchors, one an item.</summary>
    Anchors,

    /// <summary>The pairs or triplets that were formed.</summary>
    Tuples,

    /// <summary>Those of them that cost something.</summary>
    Nonzero,

    /// <summary>Those of them whose cost lies between two bounds; the others are left out.</summary>
    Threshold,

    /// <summary>The anchors, each of whose items is the mean over what it formed.</summary>
    PerAnchor,
}

/// <summary>How the costs of pairs and triplets become items and a mean.</summary>
/// <param name="Divisor">What a mean divides by.</param>
/// <param name="Low">Costs up to this are left out; NaN for none.</param>
/// <param name="High">Costs from this on are left out; NaN for none.</param>
internal readonly record struct Reducer(Divisor Divisor, double Low, double High)
{
    private static readonly Parameter LowParameter = Parameter.Number(
        "reducer_low", 0, "reducer threshold keeps costs above this; null for all.", nullable: true);

    private static readonly Parameter HighParameter = Parameter.Number(
        "reducer_high", double.NaN, "reducer threshold keeps costs below this; null for all.", min: 0, minOpen: true);

    /// <summary>The bounds of <see cref="Divisor.Threshold"/>.</summary>
    public static IReadOnlyList<Parameter> Bounds { get; } = [LowParameter, HighParameter];

    /// <summary>For a loss of single anchors: these, and any cost.</summary>
    public static Reducer OfAnchors { get; } = new(Divisor.Anchors, double.NaN, double.NaN);

    /// <summary>True where it matters what each costs.</summary>
    public bool JudgesCosts => Divisor is Divisor.Nonzero or Divisor.Threshold;

    /// <summary>True where a mean counts what was formed.</summary>
    public bool Counts => Divisor is Divisor.Tuples or Divisor.Nonzero or Divisor.Threshold;

    /// <summary>The parameter that chooses the divisor.</summary>
    public static Parameter Of(string @default) => Parameter.Choice(
        "reducer", ["anchors", "tuples", "nonzero", "threshold", "per_anchor"],
        "What a mean divides by: the anchors; the pairs or triplets formed; those that cost something; those whose cost lies between reducer_low and reducer_high, the only ones that count; or the anchors, each item a mean.",
        @default);

    /// <summary>The reducer that a request chose.</summary>
    public static Reducer Of(Settings settings, Parameter choice)
    {
        var divisor = (Divisor)(int)settings[choice];
        bool isBounded = divisor == Divisor.Threshold;
        return new(divisor, Bound(LowParameter), Bound(HighParameter));

        double Bound(Parameter parameter) => isBounded ? settings[parameter] : double.NaN;
    }

    /// <summary>True for a cost that counts, as a NaN always does, and infinity where no bound is.</summary>
    public bool Keeps(double cost) => !(cost <= Low) && !(cost >= High);
}

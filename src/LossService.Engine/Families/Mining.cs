using LossService.Engine.Cards;
using LossService.Engine.Lanes;

namespace LossService.Engine.Families;

/// <summary>The miner of a request with its settings.</summary>
internal readonly record struct Mining
{
    private const double DegreesPerRadian = 57.295779513082323; // 180 / π
    private const int BinsMax = 1000; // as many bins of as many pairs take 8 MiB while they are drawn

    private static readonly Parameter Margin = Parameter.Number(
        "miner_margin", 0.2, "Where the miners semihard and triplet_margin end and easy begins.", min: 0);

    private static readonly Parameter EpsilonParameter = Parameter.Number(
        "miner_epsilon", 0.1, "What the miner multi_similarity calls clearly apart.");

    private static readonly Parameter PositiveStrategy = Parameter.Choice(
        "miner_positive", ["easy", "semihard", "hard", "all"],
        "batch_easy_hard's positive: the nearest; the farthest within the negative; the farthest; or all.");

    private static readonly Parameter NegativeStrategy = Parameter.Choice(
        "miner_negative", ["easy", "semihard", "hard", "all"],
        "batch_easy_hard's negative: the farthest; the nearest beyond the positive; the nearest; or all.", "semihard");

    private static readonly Parameter AllowedPositiveMin = Parameter.Number(
        "miner_allowed_pos_min", double.NaN, "batch_easy_hard chooses no positive nearer than this; of similarities, less alike.");

    private static readonly Parameter AllowedPositiveMax = Parameter.Number(
        "miner_allowed_pos_max", double.NaN, "batch_easy_hard chooses no positive farther than this; of similarities, more alike.");

    private static readonly Parameter AllowedNegativeMin = Parameter.Number(
        "miner_allowed_neg_min", double.NaN, "batch_easy_hard chooses no negative nearer than this; of similarities, less alike.");

    private static readonly Parameter AllowedNegativeMax = Parameter.Number(
        "miner_allowed_neg_max", double.NaN, "batch_easy_hard chooses no negative farther than this; of similarities, more alike.");

    private static readonly Parameter PositiveMargin = Parameter.Number(
        "miner_pos_margin", 0.2, "pair_margin keeps positives farther than this; of similarities, those less alike.");

    private static readonly Parameter NegativeMargin = Parameter.Number(
        "miner_neg_margin", 0.8, "pair_margin keeps negatives nearer than this; of similarities, those more alike.");

    private static readonly Parameter CutoffParameter = Parameter.Number(
        "miner_cutoff", 0.5, "distance_weighted takes shorter distances for this.", min: 0, max: 2, minOpen: true);

    private static readonly Parameter ReachParameter = Parameter.Number(
        "miner_nonzero_loss_cutoff", 1.4, "distance_weighted draws no negative as far as this.", min: 0, max: 2);

    private static readonly Parameter Angle = Parameter.Number(
        "miner_angle", 20, "angular keeps triplets with a wider angle than this, in degrees.", min: 0, max: 90,
        maxOpen: true);

    private static readonly Parameter FilterPercentage = Parameter.Number(
        "miner_filter_percentage", 0.5, "hdc keeps this fraction of all positive pairs and of all negative ones.",
        min: 0, max: 1, minOpen: true);

    private static readonly Parameter NumBins = Parameter.Integer(
        "miner_num_bins", 100, "How many bins uniform_histogram makes of the distances.", min: 1, max: BinsMax);

    private static readonly Parameter PositivesPerBinParameter = Parameter.Integer(
        "miner_pos_per_bin", 10, "How many positive pairs uniform_histogram draws from each bin.", min: 1, max: BinsMax);

    private static readonly Parameter NegativesPerBinParameter = Parameter.Integer(
        "miner_neg_per_bin", 10, "How many negative pairs uniform_histogram draws from each bin.", min: 1, max: BinsMax);

    /// <summary>The parameter that chooses the miner.</summary>
    public static Parameter Choice { get; } = Parameter.Choice(
        "miner",
        [
            "all", "hard", "semihard", "easy", "batch_hard", "batch_easy_hard", "multi_similarity", "pair_margin",
            "distance_weighted", "angular", "triplet_margin", "hdc", "uniform_histogram",
        ],
        "Which pairs or triplets count: all, or those that a miner chooses; the edges say how each does.");

    /// <summary>All parameters of miners.</summary>
    public static IReadOnlyList<Parameter> Parameters { get; } =
    [
        Choice, Margin, EpsilonParameter, PositiveStrategy, NegativeStrategy, AllowedPositiveMin, AllowedPositiveMax,
        AllowedNegativeMin, AllowedNegativeMax, PositiveMargin, NegativeMargin, CutoffParameter, ReachParameter, Angle,
        FilterPercentage, NumBins, PositivesPerBinParameter, NegativesPerBinParameter,
    ];

    /// <summary>The miners that judge each triplet by itself, so that listed triplets may be mined too.</summary>
    public static FormWith OfTriplets { get; } = new(Choice, "all", "hard", "semihard", "easy", "triplet_margin");

    /// <summary>The miners that draw.</summary>
    public static FormWith Draws { get; } = new(Choice, "distance_weighted", "uniform_histogram");

    /// <summary>Strategies that wait for each other, or for one of many.</summary>
    public static IReadOnlyList<Conflict> Conflicts { get; } =
    [
        new(new(PositiveStrategy, "semihard", "all"), new(NegativeStrategy, "semihard")),
        new(new(PositiveStrategy, "semihard"), new(NegativeStrategy, "all")),
    ];

    /// <summary>What the miners do, for the cards of losses that have them.</summary>
    public static IReadOnlyList<string> Edges { get; } =
    [
        "Miners hard, semihard, easy: triplets whose negative is no farther than the positive; farther by at most miner_margin; by more. Miner triplet_margin: hard and semihard together.",
        "Miners batch_hard and batch_easy_hard: a positive and a negative an anchor, of equal ones the first; an anchor without either drops out.",
        "Miner multi_similarity: negatives nearer than the farthest positive plus miner_epsilon, positives likewise; it needs both.",
        "Miner distance_weighted (Wu et al.): for each positive one negative drawn by the inverse density of its distance; seed starts it, 0 unless given.",
        "Miner angular (Wang et al.): triplets with an angle above miner_angle at the negative, from the middle of the other two; every triplet is looked at.",
        "distance_weighted and angular look at vectors of length 1, whatever distance is.",
        "Miner hdc (Yuan et al.): of all positive pairs of the batch the farthest, of all negative ones the nearest, rounded up to whole pairs; with the last one all that are as hard.",
        "Miner uniform_histogram: the distances of all positive pairs are cut into bins of one width, and those of all negative ones; no pair is drawn twice, unlike in pytorch-metric-learning. seed starts it.",
        "A loss of pairs takes those that stand in some chosen triplet.",
    ];

    /// <summary>What a miner means to a loss in which positives compete with negatives.</summary>
    public static string EdgeOfContrast { get; } =
        "Of listed or mined pairs an anchor's own are its candidates, once each, and nobody else is; a miner sees similarities before the temperature, or the distances of distance, and a mean counts what it left. pytorch-metric-learning's NTXentLoss takes a pair as often as its miner names it.";

    /// <summary>What the miners do with listed triplets.</summary>
    public static string EdgeOfTriplets { get; } =
        "Listed triplets go with the miners all, hard, semihard, easy and triplet_margin, which judge each by itself.";

    /// <summary>Which miner.</summary>
    public Miner Miner { get; private init; }

    /// <summary>The gaps of the triplets that count.</summary>
    public Gaps Gaps => Miner switch
    {
        Miner.Hard => new(double.NegativeInfinity, 0),
        Miner.Semihard => new(0, Middle),
        Miner.Easy => new(Middle, double.PositiveInfinity),
        Miner.TripletMargin => new(double.NegativeInfinity, Middle),
        _ => Gaps.Any,
    };

    /// <summary>What is clearly apart.</summary>
    public double Epsilon { get; private init; }

    /// <summary>How an anchor takes its positive.</summary>
    public Strategy Positive { get; private init; }

    /// <summary>How an anchor takes its negative.</summary>
    public Strategy Negative { get; private init; }

    /// <summary>Where an anchor looks for its positive.</summary>
    public Interval AllowedPositives { get; private init; }

    /// <summary>Where an anchor looks for its negative.</summary>
    public Interval AllowedNegatives { get; private init; }

    /// <summary>Positives are farther than this.</summary>
    public double Near { get; private init; }

    /// <summary>Negatives are nearer than this.</summary>
    public double Far { get; private init; }

    /// <summary>The fraction of the hardest pairs.</summary>
    public double Fraction { get; private init; }

    /// <summary>How many bins there are.</summary>
    public int Bins { get; private init; }

    /// <summary>How many positive pairs each draws.</summary>
    public int PositivesPerBin { get; private init; }

    /// <summary>How many negative pairs each draws.</summary>
    public int NegativesPerBin { get; private init; }

    /// <summary>The least distance that a weight knows.</summary>
    public double Cutoff { get; private init; }

    /// <summary>Where weights end.</summary>
    public double Reach { get; private init; }

    /// <summary>The tangent of the angle.</summary>
    public double Tangent { get; private init; }

    /// <summary>What starts the draws.</summary>
    public ulong Seed { get; private init; }

    /// <summary>True where the directions of the vectors are looked at.</summary>
    public bool NeedsDirections => Miner is Miner.DistanceWeighted or Miner.Angular;

    private double Middle { get; init; }

    /// <summary>The same where the hardest pairs are known by the last of them.</summary>
    public Mining Within(double near, double far) => this with { Near = near, Far = far };

    /// <summary>An answer echoes the seed that it drew with, which a request need not give.</summary>
    public static void SettleSeed(LossRequest request)
    {
        bool draws = request.Card.Draws is { } draw && draw.Allows(request[draw.Parameter]);
        if (draws && double.IsNaN(request[Common.Seed]))
        {
            request.Set(request.Card.PlaceOfParameter(Common.Seed.Name), 0);
        }
    }

    /// <summary>The miner that a request chose for a loss of this metric.</summary>
    public static Mining Of(Settings settings, BatchMetric metric)
    {
        var miner = (Miner)(int)settings[Choice];
        bool isHard = miner == Miner.BatchHard;
        double sign = metric.IsSimilarity ? -1 : 1;
        double angle = settings[Angle] / DegreesPerRadian;
        double seed = settings[Common.Seed];
        return new()
        {
            Miner = isHard ? Miner.BatchEasyHard : miner,
            Middle = settings[Margin],
            Epsilon = settings[EpsilonParameter],
            Positive = isHard ? Strategy.Hard : (Strategy)(int)settings[PositiveStrategy],
            Negative = isHard ? Strategy.Hard : (Strategy)(int)settings[NegativeStrategy],
            AllowedPositives = isHard
                ? Interval.Any : Interval.Of(settings, AllowedPositiveMin, AllowedPositiveMax, sign),
            AllowedNegatives = isHard
                ? Interval.Any : Interval.Of(settings, AllowedNegativeMin, AllowedNegativeMax, sign),
            Near = sign * settings[PositiveMargin],
            Far = sign * settings[NegativeMargin],
            Fraction = settings[FilterPercentage],
            Bins = (int)settings[NumBins],
            PositivesPerBin = (int)settings[PositivesPerBinParameter],
            NegativesPerBin = (int)settings[NegativesPerBinParameter],
            Cutoff = settings[CutoffParameter],
            Reach = settings[ReachParameter],
            Tangent = Angles.Sine(angle) / Angles.Cosine(angle),
            Seed = double.IsNaN(seed) ? 0 : (ulong)seed,
        };
    }
}

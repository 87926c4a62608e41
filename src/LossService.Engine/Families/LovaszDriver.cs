using System.Numerics;
using LossService.Engine.Lanes;
using LossService.Engine.Numerics;

namespace LossService.Engine.Families;

/// <summary>Runs a Lovász loss: the errors of a region's class, largest first, each weighed by how much the Jaccard
/// loss grows when its place is taken for wrong too. Three phases: errors, ranks, slopes.</summary>
internal sealed class LovaszDriver<T> : RegionDriver<T>
    where T : unmanaged, INumberBase<T>
{
    private readonly bool _isHinge;
    private readonly Workshop _workshop;
    private readonly double _tie;
    private int _ties;
    private bool _isRanking;

    public LovaszDriver(
        LossRequest request, LossResult result, ItemPlan<double> plan, RegionPlane<T> plane, Workshop workshop)
        : base(
            request, result, plan, plane, workshop,
            plane.Classes * (plane.Pixels + (2L * plane.Regions)))
    {
        _isHinge = plane.Form == RegionForm.Scores;
        _workshop = workshop;
        _tie = new Cards.Settings(request).Tie;
    }

    public override int Blocks => _isRanking ? Plane.Regions * Plane.Classes : base.Blocks;

    public override void RunPhases(Workshop workshop)
    {
        RunAll(workshop);
        _isRanking = true;
        RunAll(workshop);
        _isRanking = false;
        var pace = new Pace(workshop);
        for (int region = 0; region < Plane.Regions; region++)
        {
            pace.Count(Plane.Classes);
            SetItem(region, Plan.IsLeftOut(region) ? 0 : Mean(region));
        }

        IsMeasuring = false;
        RunAll(workshop);
        Finish(_ties);
    }

    public override void Run(int block, Scratch scratch)
    {
        if (!_isRanking)
        {
            base.Run(block, scratch);
        }
        else if (!Plan.IsLeftOut(block / Plane.Classes))
        {
            Rank(block / Plane.Classes, block % Plane.Classes, scratch);
        }
    }

    protected override void Measure(int block, int start, in RegionBlock at)
    {
        for (int c = 0; c < at.Classes; c++)
        {
            Span<double> errors = Errors(c).Slice(start, at.Count);
            for (int i = 0; i < errors.Length; i++)
            {
                bool isTrue = Plane.IsTrue(start + i, c);
                errors[i] = _isHinge ? 1 - (isTrue ? at.P(c)[i] : -at.P(c)[i])
                    : isTrue ? at.Rest(c)[i] : at.P(c)[i];
            }
        }
    }

    protected override void Slopes(int region, int @class, int start, double factor, in RegionBlock at)
    {
        double share = factor * Share(region, @class);
        Span<double> slopes = at.Slopes(@class);
        slopes.Clear();
        for (int i = 0; i < at.Count; i++)
        {
            slopes[i] = share * Errors(@class)[start + i];
        }
    }

    // While the order of the errors stays, the loss is straight in them; only p bends with its score.
    protected override void Curves(int region, int @class, int start, in RegionBlock at) => at.Curves(@class).Clear();

    // The errors of a class, by place; the ranking puts their slopes in their stead.
    private Span<double> Errors(int @class) => Room.Slice(@class * Plane.Pixels, Plane.Pixels);

    private ref double ClassLoss(int region, int @class) =>
        ref Room[(Plane.Classes * Plane.Pixels) + (region * Plane.Classes) + @class];

    private ref double Share(int region, int @class) => ref Room[
        (Plane.Classes * Plane.Pixels) + (Plane.Classes * Plane.Regions) + (region * Plane.Classes) + @class];

    private void Rank(int region, int @class, Scratch scratch)
    {
        int first = region * Plane.PlacesPerRegion;
        Span<double> errors = Errors(@class).Slice(first, Plane.PlacesPerRegion);
        Span<RankedError> ranks = scratch.Take<RankedError>(6, errors.Length)[..errors.Length];
        int count = 0;
        int truths = 0;
        for (int i = 0; i < errors.Length; i++)
        {
            bool ignored = Plane.IsIgnored(first + i);
            bool isTrue = !ignored && Plane.IsTrue(first + i, @class);
            truths += isTrue ? 1 : 0;
            if (!ignored && !(errors[i] < 0)) // a NaN stays in
            {
                ranks[count++] = new(errors[i], i, isTrue ? 1 : 0);
            }
        }

        errors.Clear();
        ranks = ranks[..count];
        LongSort.Run(ranks, scratch.Take<RankedError>(7, LongSort.RoomFor(count)), _workshop);
        ClassLoss(region, @class) = Walk(ranks, truths, errors);
        Share(region, @class) = truths;
    }

    // Taking one more true place for wrong shrinks the intersection, a false one widens the union.
    private double Walk(ReadOnlySpan<RankedError> ranks, int truths, Span<double> slopes)
    {
        Span<double> sums = stackalloc double[Sums.Accumulators];
        sums.Clear();
        double intersection = truths;
        double union = truths;
        int ties = 0;
        for (int rank = 0; rank < ranks.Length; rank++)
        {
            RankedError one = ranks[rank];
            double growth;
            if (one.IsTrue == 1)
            {
                growth = 1 / union;
                intersection--;
            }
            else
            {
                growth = union == 0 ? 1 : intersection / (union * (union + 1));
                union++;
            }

            bool vanishes = growth == 0 && !double.IsNaN(one.Error); // even beside an infinite error
            sums[rank % Sums.Accumulators] += vanishes ? 0 : growth * one.Error;
            ties += _isHinge && one.Error == 0 && growth != 0 ? 1 : 0;
            double rise = one.Error == 0 ? (_isHinge ? _tie : 0) : double.IsNaN(one.Error) ? double.NaN : 1;
            slopes[one.Place] = one.IsTrue == 1 ? -growth * rise : growth * rise;
        }

        Interlocked.Add(ref _ties, ties);
        return Sums.Fold(sums);
    }

    private double Mean(int region)
    {
        double total = 0;
        double weights = 0;
        int kept = 0;
        for (int c = 0; c < Plane.Classes; c++)
        {
            (bool stays, bool counts) = _isHinge ? (true, true)
                : Presence(Share(region, c) > 0);
            double weight = stays ? WeightOf(c) : 0;
            total += counts ? weight * ClassLoss(region, c) : 0;
            weights += weight;
            kept += stays ? 1 : 0;
            Share(region, c) = counts ? weight : 0;
        }

        double divisor = Divisor(kept, weights);
        for (int c = 0; c < Plane.Classes; c++)
        {
            Share(region, c) = divisor == 0 ? 0 : Share(region, c) / divisor;
        }

        return divisor == 0 ? 0 : total / divisor;
    }
}

using System.Numerics;
using LossService.Engine.Cards;
using LossService.Engine.Lanes;
using LossService.Engine.Numerics;

namespace LossService.Engine.Families;

/// <summary>Runs a loss of overlaps: sums of each class over the places of a region, the loss and its slopes on the
/// sums, and these back to every place.</summary>
internal sealed partial class OverlapDriver<TLoss, T> : RegionDriver<T>
    where TLoss : struct, IRegionLoss<TLoss>
    where T : unmanaged, INumberBase<T>
{
    private const int Kinds = 4; // of RegionSums
    private const int Truth = 4; // a fifth sum, of t alone
    private const int Statistics = 5;
    private const int WorkPerClass = 32; // its form and slopes, once a region, take as long as so many places

    private readonly TLoss _loss;
    private readonly ClassReduction _reduction;

    public OverlapDriver(
        TLoss loss, LossRequest request, LossResult result, ItemPlan<double> plan, RegionPlane<T> plane,
        Workshop workshop)
        : base(
            request, result, plan, plane, workshop, RoomOf(plane, isCurved: request[Common.Hessian] > 0))
    {
        _loss = loss;
        // A loss may list fewer words, or another default.
        Parameter reduction = request.Card.Parameters.Single(own => own.Name == RegionMembers.ClassReduction.Name);
        string word = reduction.Words[(int)request[reduction]];
        _reduction = (ClassReduction)(int)RegionMembers.ClassReduction.ValueOf(word);
    }

    public override void RunPhases(Workshop workshop)
    {
        RunAll(workshop);
        var pace = new Pace(workshop);
        for (int region = 0; region < Plane.Regions; region++)
        {
            pace.Count((long)WorkPerClass * Plane.Classes);
            if (Plan.IsLeftOut(region))
            {
                SetItem(region, 0);
                continue;
            }

            Gather(region);
            SetItem(region, _reduction == ClassReduction.Joint ? Joint(region) : Mean(region));
        }

        IsMeasuring = false;
        RunAll(workshop);
        Finish();
    }

    protected override void Measure(int block, int start, in RegionBlock at)
    {
        Span<double> sums = stackalloc double[Statistics * Sums.Accumulators];
        for (int c = 0; c < at.Classes; c++)
        {
            Plane.ReadTruth(c, start, at.Count, at.Truth);
            sums.Clear();
            for (int i = 0; i < at.Stride; i += DoubleLane.Count)
            {
                Add(i % Sums.Accumulators, c, i, at, sums);
            }

            for (int k = 0; k < Statistics; k++)
            {
                Partials(k, c)[block] = Sums.Fold(sums.Slice(k * Sums.Accumulators, Sums.Accumulators));
            }
        }
    }

    protected override void Slopes(int region, int @class, int start, double factor, in RegionBlock at)
    {
        double both = factor * Sum(region, 0, @class);
        double predicted = factor * Sum(region, 1, @class);
        double missed = factor * Sum(region, 2, @class);
        double neither = factor * Sum(region, 3, @class);
        double truth = factor * Sum(region, Truth, @class);
        Plane.ReadTruth(@class, start, at.Count, at.Truth);
        for (int i = 0; i < at.Stride; i += DoubleLane.Count)
        {
            DoubleLane p = RegionBlock.Load(at.P(@class), i);
            DoubleLane t = RegionBlock.Load(at.Truth, i);
            if (_loss.Squares)
            {
                DoubleLane apart = 2 * predicted * (p - t);
                RegionBlock.Store((both * t) + apart, at.Slopes(@class), i);
                RegionBlock.Store((both * p) - apart + truth, at.Output, i);
                continue;
            }

            DoubleLane rest = RegionBlock.Load(at.Rest(@class), i);
            RegionBlock.Store(
                ((both - missed) * t) + ((predicted - neither) * (1.0 - t)), at.Slopes(@class), i);
            RegionBlock.Store(
                ((both - predicted) * p) + ((missed - neither) * rest) + truth, at.Output, i);
        }
    }

    private void Add(int place, int c, int i, in RegionBlock at, Span<double> sums)
    {
        DoubleLane p = RegionBlock.Load(at.P(c), i);
        DoubleLane rest = RegionBlock.Load(at.Rest(c), i);
        DoubleLane t = RegionBlock.Load(at.Truth, i);
        DoubleLane apart = p - t;
        Accumulate(sums, 0, place, p * t);
        Accumulate(sums, 1, place, _loss.Squares ? apart * apart : p * (1.0 - t));
        Accumulate(sums, 2, place, _loss.Squares ? 0 : rest * t);
        Accumulate(sums, 3, place, rest * (1.0 - t));
        Accumulate(sums, Truth, place, t);
    }

    private static void Accumulate(Span<double> sums, int kind, int place, DoubleLane value)
    {
        int at = (kind * Sums.Accumulators) + place;
        RegionBlock.Store(RegionBlock.Load(sums, at) + value, sums, at);
    }

    private Span<double> Partials(int kind, int @class) =>
        Room.Slice(((kind * Plane.Classes) + @class) * Plane.Blocks, Plane.Blocks);

    // A sum of a region's class, in whose place its slope is put once the loss is known.
    private ref double Sum(int region, int kind, int @class) => ref Room[
        (Statistics * Plane.Classes * Plane.Blocks) + ((((region * Statistics) + kind) * Plane.Classes) + @class)];

    private void Gather(int region)
    {
        for (int k = 0; k < Statistics; k++)
        {
            for (int c = 0; c < Plane.Classes; c++)
            {
                Sum(region, k, c) = Sums.OfPartials(
                    Partials(k, c).Slice(region * Plane.BlocksPerRegion, Plane.BlocksPerRegion));
            }
        }
    }

    // The weighted mean or sum of the classes' losses; leaves the slopes on the sums in their places.
    private double Mean(int region)
    {
        double total = 0;
        double weights = 0;
        int kept = 0;
        for (int c = 0; c < Plane.Classes; c++)
        {
            (bool stays, bool counts) = Presence(Sum(region, Truth, c) > 0);
            double weight = stays ? Weight(region, c).Value.Value : 0;
            total += counts ? weight * LossOf(region, c) : 0;
            weights += weight;
            kept += stays ? 1 : 0;
        }

        bool averages = _reduction == ClassReduction.Mean;
        double divisor = averages ? Divisor(kept, weights, TLoss.WeighsByTruth) : 1;
        double mean = divisor == 0 ? 0 : total / divisor;
        Dual<ScalarLane> whole = TLoss.Whole(_loss, new Dual<ScalarLane>(mean, 1));
        BendMean(region, mean, divisor);
        for (int c = 0; c < Plane.Classes; c++)
        {
            Dual<ScalarLane> weight = Weight(region, c);
            bool counts = divisor != 0 && IsCounted(region, c);
            double share = counts ? whole.Slope.Value / divisor : 0;
            double own = counts ? LossOf(region, c) : 0;
            double against = averages && (TLoss.WeighsByTruth || DividesByWeights) ? mean : 0;
            double onTruth = share * weight.Slope.Value * (own - against);
            SetSlopes(region, c, share * weight.Value.Value, At(region, c), onTruth);
        }

        return whole.Value.Value;
    }

    // One ratio of the classes' weighted sums. Weights by truth are scaled to a mean of 1.
    private double Joint(int region)
    {
        double scale = 0;
        int kept = 0;
        for (int c = 0; c < Plane.Classes; c++)
        {
            bool counts = Presence(Sum(region, Truth, c) > 0).Counts;
            scale += counts ? Weight(region, c).Value.Value : 0;
            kept += counts ? 1 : 0;
        }

        if (kept == 0)
        {
            for (int c = 0; c < Plane.Classes; c++)
            {
                SetSlopes(region, c, 0, default, 0);
            }

            BendNothing(region);
            return TLoss.Whole(_loss, new Dual<ScalarLane>(0, 1)).Value.Value;
        }

        scale = TLoss.WeighsByTruth && scale > 0 ? kept / scale : 1;
        var joined = new RegionSums<ScalarLane>(0, 0, 0, 0);
        for (int c = 0; c < Plane.Classes; c++)
        {
            double weight = IsCounted(region, c) ? scale * Weight(region, c).Value.Value : 0;
            RegionSums<ScalarLane> own = At(region, c);
            joined = new(
                joined.Both + (weight * own.Both), joined.PredictedOnly + (weight * own.PredictedOnly),
                joined.TrueOnly + (weight * own.TrueOnly), joined.Neither + (weight * own.Neither));
        }

        Dual<ScalarLane> whole = TLoss.Whole(_loss, new Dual<ScalarLane>(_loss.Loss(joined), 1));
        double pooled = Along(joined, joined) / Math.Max(1, kept);
        BendJoint(region, joined, kept, scale);
        for (int c = 0; c < Plane.Classes; c++)
        {
            Dual<ScalarLane> weight = Weight(region, c);
            double share = IsCounted(region, c) ? whole.Slope.Value * scale : 0;
            double onTruth = share * weight.Slope.Value * (Along(joined, At(region, c)) - pooled);
            SetSlopes(region, c, share * weight.Value.Value, joined, onTruth);
        }

        return whole.Value.Value;
    }

    private void SetSlopes(int region, int c, double share, in RegionSums<ScalarLane> at, double onTruth)
    {
        for (int k = 0; k < Kinds; k++)
        {
            Sum(region, k, c) = share == 0 ? 0 : share * SlopeOn(k, at);
        }

        Sum(region, Truth, c) = TLoss.WeighsByTruth ? onTruth : 0;
    }

    private bool IsCounted(int region, int c) => Sum(region, Truth, c) > 0 || CountsAbsent;

    private Dual<ScalarLane> Weight(int region, int c) =>
        WeightOf(c) * TLoss.WeightOf(_loss, new Dual<ScalarLane>(Sum(region, Truth, c), 1));

    private RegionSums<ScalarLane> At(int region, int c) => new(
        Sum(region, 0, c), Sum(region, 1, c), Sum(region, 2, c), Sum(region, 3, c));

    private double LossOf(int region, int c) => _loss.Loss(At(region, c)).Value;

    private double SlopeOn(int kind, in RegionSums<ScalarLane> at) => _loss.Loss<Dual<ScalarLane>>(new(
        new(at.Both, kind == 0 ? 1 : 0), new(at.PredictedOnly, kind == 1 ? 1 : 0),
        new(at.TrueOnly, kind == 2 ? 1 : 0), new(at.Neither, kind == 3 ? 1 : 0))).Slope.Value;

    // The slope of the loss along a direction in its sums.
    private double Along(in RegionSums<ScalarLane> at, in RegionSums<ScalarLane> direction) =>
        (SlopeOn(0, at) * direction.Both.Value) + (SlopeOn(1, at) * direction.PredictedOnly.Value)
        + (SlopeOn(2, at) * direction.TrueOnly.Value) + (SlopeOn(3, at) * direction.Neither.Value);
}

using System.Numerics;
using System.Runtime.InteropServices;
using LossService.Engine.Lanes;
using LossService.Engine.Numerics;

namespace LossService.Engine.Families;

/// <content>Second derivatives: how a region's loss bends with the sums of each class, by dual numbers of second order,
/// and this at every place.</content>
internal sealed partial class OverlapDriver<TLoss, T>
    where TLoss : struct, IRegionLoss<TLoss>
    where T : unmanaged, INumberBase<T>
{
    private const int SharedLength = 3; // a quadratic form a region

    // What p adds to the sums as it rises: at a place of the class, and at any other.
    private RegionStep Inside => _loss.Squares ? new(1, 0, 0, 0) : new(1, 0, -1, 0);

    private RegionStep Outside => _loss.Squares ? new(0, 1, 0, 0) : new(0, 1, 0, -1);

    // What t adds: by what is predicted, by what is not, and to the size of the class.
    private RegionStep Found => _loss.Squares ? new(1, 0, 0, 0) : new(1, -1, 0, 0);

    private RegionStep Missed => _loss.Squares ? new(0, 1, 0, 0) : new(0, 0, 1, -1);

    private static RegionStep Larger => new(0, 0, 0, 0, 1);

    protected override void Curves(int region, int @class, int start, in RegionBlock at)
    {
        ClassCurves own = CurvesOf(region)[@class];
        SharedRates rates = own.Rates;
        double bend = _loss.Squares ? 2 * Sum(region, 1, @class) : 0; // of (p - t)² itself
        Plane.ReadTruth(@class, start, at.Count, at.Truth);
        for (int i = 0; i < at.Stride; i += DoubleLane.Count)
        {
            DoubleLane p = RegionBlock.Load(at.P(@class), i);
            DoubleLane t = RegionBlock.Load(at.Truth, i);
            DoubleLane apart = 2 * (p - t);
            DoubleLane outside = _loss.Squares ? apart : 1.0 - t;
            RegionBlock.Store(own.ByPrediction.At(t, outside) + bend, at.Curves(@class), i);
            RegionBlock.Store((rates.FirstX * t) + (rates.FirstY * outside), at.FirstRates(@class), i);
            RegionBlock.Store(rates.SecondY * outside, at.SecondRates(@class), i);
            if (TargetsHessian is not null)
            {
                DoubleLane missed = _loss.Squares ? -apart : RegionBlock.Load(at.Rest(@class), i);
                RegionBlock.Store(own.AtTruth(p, missed) + bend, at.Output, i);
            }
        }
    }

    protected override QuadraticForm Shared(int region) => SharedOf(region);

    // The curves of all classes stand behind the sums, and behind them what the classes of each region share.
    private static long FirstCurve(RegionPlane<T> plane) =>
        (long)Statistics * plane.Classes * (plane.Blocks + plane.Regions);

    private static long FirstShared(RegionPlane<T> plane) =>
        FirstCurve(plane) + ((long)plane.Regions * plane.Classes * ClassCurves.Length);

    private static long RoomOf(RegionPlane<T> plane, bool isCurved) =>
        isCurved ? FirstShared(plane) + ((long)plane.Regions * SharedLength) : FirstCurve(plane);

    private Span<ClassCurves> CurvesOf(int region)
    {
        int length = Plane.Classes * ClassCurves.Length;
        return MemoryMarshal.Cast<double, ClassCurves>(Room.Slice((int)FirstCurve(Plane) + (region * length), length));
    }

    private ref QuadraticForm SharedOf(int region) =>
        ref MemoryMarshal.Cast<double, QuadraticForm>(Room[(int)FirstShared(Plane)..])[region];

    // Before the sums give way to their slopes. Under a softmax one score moves all classes, which meet in their mean
    // where something becomes of it as a whole.
    private void BendMean(int region, double mean, double divisor)
    {
        if (!IsCurved)
        {
            return;
        }

        bool isSoftmax = Plane.Form == RegionForm.Softmax;
        Dual<Dual<ScalarLane>> whole = TLoss.Whole(_loss, new Dual<Dual<ScalarLane>>(new(mean, 1), 1));
        SharedOf(region) = isSoftmax ? new(whole.Slope.Slope.Value, 0, 0) : default;
        for (int c = 0; c < Plane.Classes; c++)
        {
            if (divisor == 0 || WeightOf(c) == 0 || !IsCounted(region, c))
            {
                CurvesOf(region)[c] = default;
                continue;
            }

            RegionSums<ScalarLane> at = At(region, c);
            double truth = Sum(region, Truth, c);
            double share = Weight(region, c).Value.Value / divisor;
            var alone = new Alone(_loss);
            var averaged = new Averaged(_loss, WeightOf(c), mean, divisor);
            Dual<Dual<ScalarLane>> loss = Along(alone, at, truth, Inside, Outside);
            CurvesOf(region)[c] = BentByTruth(averaged, at, truth) with
            {
                ByPrediction = isSoftmax ? whole.Value.Slope.Value * share * Bent(alone, at, truth, Inside, Outside)
                    : Bent(averaged, at, truth, Inside, Outside),
                Rates = new(share * loss.Value.Slope.Value, share * loss.Slope.Value.Value, 0),
            };
        }
    }

    // All that classes have in common are the joined sums: nothing is left of a class but its weight there.
    private void BendNothing(int region)
    {
        if (IsCurved)
        {
            SharedOf(region) = default;
            CurvesOf(region)[..Plane.Classes].Clear();
        }
    }

    private void BendJoint(int region, in RegionSums<ScalarLane> joined, int kept, double scale)
    {
        if (!IsCurved)
        {
            return;
        }

        bool isSoftmax = Plane.Form == RegionForm.Softmax;
        SharedOf(region) = isSoftmax ? Bent(new Ended(_loss), joined, 0, Inside, Outside) : default;
        for (int c = 0; c < Plane.Classes; c++)
        {
            if (WeightOf(c) == 0 || !IsCounted(region, c))
            {
                CurvesOf(region)[c] = default;
                continue;
            }

            RegionSums<ScalarLane> at = At(region, c);
            double truth = Sum(region, Truth, c);
            double share = scale * Weight(region, c).Value.Value;
            var together = new Joined(_loss, scale * WeightOf(c), joined, TLoss.WeighsByTruth ? kept : 1);
            CurvesOf(region)[c] = BentByTruth(together, at, truth) with
            {
                ByPrediction = isSoftmax ? default : Bent(together, at, truth, Inside, Outside),
                Rates = new(share, 0, share),
            };
        }
    }

    private ClassCurves BentByTruth<TBending>(in TBending bending, in RegionSums<ScalarLane> at, double truth)
        where TBending : struct, IBending => TargetsHessian is null ? default : new(
            default, Bent(bending, at, truth, Found, Missed),
            Along(bending, at, truth, Found, Larger).Slope.Slope.Value,
            Along(bending, at, truth, Missed, Larger).Slope.Slope.Value,
            Along(bending, at, truth, Larger, Larger).Slope.Slope.Value, default);

    private static QuadraticForm Bent<TBending>(
        in TBending bending, in RegionSums<ScalarLane> at, double truth, in RegionStep x, in RegionStep y)
        where TBending : struct, IBending => new(
            Along(bending, at, truth, x, x).Slope.Slope.Value, Along(bending, at, truth, x, y).Slope.Slope.Value,
            Along(bending, at, truth, y, y).Slope.Slope.Value);

    private static Dual<Dual<ScalarLane>> Along<TBending>(
        in TBending bending, in RegionSums<ScalarLane> at, double truth, in RegionStep x, in RegionStep y)
        where TBending : struct, IBending => bending.Of(
            new RegionSums<Dual<Dual<ScalarLane>>>(
                new(new(at.Both, x.Both), y.Both), new(new(at.PredictedOnly, x.PredictedOnly), y.PredictedOnly),
                new(new(at.TrueOnly, x.TrueOnly), y.TrueOnly), new(new(at.Neither, x.Neither), y.Neither)),
            new(new(truth, x.Truth), y.Truth));

    // A mean once a number in it and its weight have moved.
    private static V Moved<V>(V mean, V weight, V number, double divisor) where V : struct, ILane<V>
    {
        V gain = weight * (number - mean);
        return mean + ((gain - V.Stop(gain)) / (divisor + (weight - V.Stop(weight))));
    }

    /// <summary>A loss as a function of one class's sums and of its size, whatever else it is made of.</summary>
    private interface IBending
    {
        V Of<V>(RegionSums<V> sums, V truth) where V : struct, ILane<V>;
    }

    private readonly struct Alone(TLoss loss) : IBending
    {
        public V Of<V>(RegionSums<V> sums, V truth) where V : struct, ILane<V> => loss.Loss(sums);
    }

    private readonly struct Ended(TLoss loss) : IBending
    {
        public V Of<V>(RegionSums<V> sums, V truth) where V : struct, ILane<V> => TLoss.Whole(loss, loss.Loss(sums));
    }

    private readonly struct Averaged(TLoss loss, double weight, double mean, double divisor) : IBending
    {
        public V Of<V>(RegionSums<V> sums, V truth) where V : struct, ILane<V> => TLoss.Whole(
            loss, Moved<V>(mean, weight * TLoss.WeightOf(loss, truth), loss.Loss(sums), divisor));
    }

    private readonly struct Joined(TLoss loss, double weight, RegionSums<ScalarLane> joined, double pooled) : IBending
    {
        private readonly RegionSums<ScalarLane> _joined = joined;

        public V Of<V>(RegionSums<V> sums, V truth) where V : struct, ILane<V>
        {
            V own = weight * TLoss.WeightOf(loss, truth);
            return TLoss.Whole(loss, loss.Loss<V>(new(
                Sum(_joined.Both, own, sums.Both), Sum(_joined.PredictedOnly, own, sums.PredictedOnly),
                Sum(_joined.TrueOnly, own, sums.TrueOnly), Sum(_joined.Neither, own, sums.Neither))));
        }

        private V Sum<V>(ScalarLane whole, V own, V part) where V : struct, ILane<V> =>
            pooled * Moved<V>(whole.Value / pooled, own, part, pooled);
    }
}

using System.Diagnostics;
using System.Numerics;
using System.Runtime.InteropServices;
using LossService.Engine.Lanes;
using LossService.Engine.Numerics;

namespace LossService.Engine.Families;

/// <summary>How far every sample of a batch is from every other, or from those of another input, and the way of slopes
/// on that back to the vectors.</summary>
/// <remarks>Products, and cosines of scaled vectors, come from the blocked product. Other distances are measured one by
/// one in doubles: |a|² + |b|² - 2ab would lose the digits of near vectors, and mining looks at just these.</remarks>
internal sealed class DistanceTable<T> : IDisposable where T : unmanaged, IFloatingPointIeee754<T>
{
    private readonly VectorTable<T, double> _vectors;
    private readonly VectorTable<T, double> _others; // the same of a batch that meets itself
    private readonly Distance _distance;
    private readonly Workshop _workshop;
    private readonly bool _areSimilarities;

    /// <summary>Rents the room to measure the vectors of the first input that are not left out.</summary>
    public DistanceTable(LossRequest request, KeptItems plan, BatchMetric metric, Workshop workshop)
        : this(request, plan, metric, workshop, hasOthers: false, isMutual: false, areSimilarities: false)
    {
    }

    private DistanceTable(
        LossRequest request, KeptItems plan, BatchMetric metric, Workshop workshop, bool hasOthers, bool isMutual,
        bool areSimilarities)
    {
        Debug.Assert(!hasOthers || !metric.Distance.IsProduct, "two sides meet by distances alone");
        _distance = metric.Distance;
        _workshop = workshop;
        _areSimilarities = areSimilarities;
        _vectors = Read(0);
        _others = _vectors;
        Tensor? numbers = null;
        try
        {
            _others = hasOthers ? Read(1) : _vectors;
            numbers = Rent();
            Mirror = !hasOthers ? numbers : isMutual ? Rent() : null;
            Numbers = numbers;
        }
        catch
        {
            numbers?.Dispose();
            DisposeVectors();
            throw;
        }

        VectorTable<T, double> Read(int place) => new(
            request.Tensor(place)!, request.Solution!, plan.LeftOutFlags, metric.TakesDirections, pads: true,
            workshop);

        Tensor Rent() => Tensor.Rent(workshop.Pool, new Shape(_vectors.Count, _vectors.Count), Element.Float64);
    }

    /// <summary>What is added to a number of the table to make it a distance, after <see cref="Sign"/>.</summary>
    public double Offset => _distance.Kind == DistanceKind.Cosine ? 1 : 0;

    /// <summary>What a number of the table is multiplied with to make it a distance.</summary>
    public double Sign => _distance.IsProduct || _areSimilarities ? -1 : 1;

    /// <summary>A row of numbers a vector, one for each it meets; later of slopes on them.</summary>
    public Tensor Numbers { get; }

    /// <summary>The same seen from the others, a row for each of them: the table itself of a batch that meets itself,
    /// null where nobody looks from there.</summary>
    public Tensor? Mirror { get; }

    /// <summary>A table of minus distances for a loss of similarities.</summary>
    /// <param name="request">Holds the vectors.</param>
    /// <param name="plan">Says who is left out.</param>
    /// <param name="metric">The distance; of two inputs none that is a product.</param>
    /// <param name="workshop">Lends the room.</param>
    /// <param name="hasOthers">True where vectors of the first input meet those of the second.</param>
    /// <param name="isMutual">True where these look back, each at its own row.</param>
    public static DistanceTable<T> OfSimilarities(
        LossRequest request, KeptItems plan, BatchMetric metric, Workshop workshop, bool hasOthers, bool isMutual) =>
        new(request, plan, metric, workshop, hasOthers, isMutual, areSimilarities: true);

    /// <summary>The numbers of one anchor.</summary>
    public Span<double> Row(int anchor) => Numbers.Float64.Slice(anchor * _vectors.Count, _vectors.Count);

    /// <summary>How far some samples are from an anchor.</summary>
    /// <param name="anchor">The anchor.</param>
    /// <param name="places">Where the samples stand in the batch.</param>
    /// <param name="numbers">Room for two numbers a sample.</param>
    public AnchorSide Side(int anchor, Span<int> places, Span<double> numbers)
    {
        ReadOnlySpan<double> row = Row(anchor);
        for (int i = 0; i < places.Length; i++)
        {
            numbers[i] = Offset + (Sign * row[places[i]]);
        }

        return new(places, numbers[..places.Length], numbers.Slice(numbers.Length / 2, places.Length));
    }

    /// <summary>Fills the table.</summary>
    public void Measure(Workshop workshop)
    {
        if (!_distance.IsProduct)
        {
            new MeasureDriver(this).RunAll(workshop);
            return;
        }

        DoubleProduct.RunSymmetric(_vectors.AsRows, Numbers, workshop);
    }

    /// <summary>Writes the gradients of the first input and of the second, as far as they are wanted; the table holds
    /// slopes on its numbers by now.</summary>
    public void Differentiate(ReadOnlySpan<Tensor?> gradients, KeptItems plan, Workshop workshop)
    {
        if (gradients[0] is { } gradient)
        {
            Differentiate(gradient, plan, workshop);
        }

        if (!ReferenceEquals(_vectors, _others) && gradients[1] is { } ofOthers)
        {
            new SlopeDriver(this, areOthers: true, ofOthers, plan).RunAll(workshop);
        }
    }

    public void Dispose()
    {
        if (!ReferenceEquals(Mirror, Numbers))
        {
            Mirror?.Dispose();
        }

        Numbers.Dispose();
        DisposeVectors();
    }

    private void DisposeVectors()
    {
        if (!ReferenceEquals(_others, _vectors))
        {
            _others.Dispose();
        }

        _vectors.Dispose();
    }

    private void Differentiate(Tensor gradient, KeptItems plan, Workshop workshop)
    {
        if (!_distance.IsProduct)
        {
            new SlopeDriver(this, areOthers: false, gradient, plan).RunAll(workshop);
            return;
        }

        int count = _vectors.Count;
        using Tensor sums = Tensor.Rent(workshop.Pool, new Shape(count, _vectors.Stride), Element.Float64);
        foreach (bool areColumns in (ReadOnlySpan<bool>)[false, true])
        {
            DoubleProduct.Run(
                new(Numbers, count, count, areColumns), _vectors.AsColumns, sums, workshop, adds: areColumns);
        }

        _vectors.Return(sums, gradient, plan.LeftOutFlags, workshop);
    }

    private sealed class MeasureDriver(DistanceTable<T> table) : Driver
    {
        public override int Blocks => table._vectors.Count;

        // In a batch that meets itself a row measures what lies behind its diagonal, and writes it below that too.
        public override void Run(int block, Scratch scratch)
        {
            VectorTable<T, double> vectors = table._vectors;
            VectorTable<T, double> others = table._others;
            bool meetsItself = ReferenceEquals(vectors, others);
            Distance distance = table._distance;
            Span<double> all = table.Numbers.Float64;
            Span<double> mirror = table.Mirror is null ? default : table.Mirror.Float64;
            int count = vectors.Count;
            ReadOnlySpan<double> own = vectors.Row(block)[..vectors.Length];
            if (meetsItself)
            {
                all[(block * count) + block] = 0;
            }

            var pace = new Pace(table._workshop);
            for (int other = meetsItself ? block + 1 : 0; other < count; other++)
            {
                pace.Count(vectors.Length);
                double measured = table.Sign * distance.Measure(own, others.Row(other)[..vectors.Length]);
                all[(block * count) + other] = measured;
                if (!mirror.IsEmpty)
                {
                    mirror[(other * count) + block] = measured;
                }
            }
        }
    }

    private sealed class SlopeDriver(DistanceTable<T> table, bool areOthers, Tensor gradient, KeptItems plan) : Driver
    {
        private readonly VectorTable<T, double> _own = areOthers ? table._others : table._vectors;
        private readonly VectorTable<T, double> _met = areOthers ? table._vectors : table._others;

        public override int Blocks => _own.Count;

        public override void Run(int block, Scratch scratch)
        {
            Span<double> sum = scratch.Take<double>(0, _own.Stride)[.._own.Stride];
            sum.Clear();
            if (Wide.IsFast)
            {
                Add<WideDoubleLane>(block, sum);
            }
            else
            {
                Add<DoubleLane>(block, sum);
            }

            _own.Return(block, sum, gradient, plan.LeftOutFlags);
        }

        private void Add<V>(int row, Span<double> sum) where V : struct, IVectorLane<V, double>
        {
            switch (table._distance.Kind)
            {
                case DistanceKind.L1 or DistanceKind.Lp:
                    Add<SignPart<V>, V>(row, sum);
                    break;
                case DistanceKind.L2:
                    Add<DirectionPart<V>, V>(row, sum);
                    break;
                default:
                    Add<DifferencePart<V>, V>(row, sum);
                    break;
            }
        }

        // A distance has slopes from both its ends, where both look: one stands in the table, the other in its mirror.
        private void Add<TPart, V>(int row, Span<double> sum)
            where TPart : struct, IEdgePart<TPart, V>
            where V : struct, IVectorLane<V, double>
        {
            Distance distance = table._distance;
            ReadOnlySpan<double> slopes = table.Numbers.Float64;
            ReadOnlySpan<double> mirrored = table.Mirror is { } mirror ? mirror.Float64 : default;
            double sign = table.Sign;
            int count = _own.Count;
            ReadOnlySpan<double> own = _own.Row(row);
            ref double a = ref MemoryMarshal.GetReference(own);
            ref double to = ref MemoryMarshal.GetReference(sum);
            var pace = new Pace(table._workshop);
            for (int other = 0; other < _met.Count; other++)
            {
                pace.Count(_own.Length);
                int ahead = (row * count) + other;
                int back = (other * count) + row;
                double here = slopes[areOthers ? back : ahead];
                double there = mirrored.IsEmpty ? 0 : mirrored[areOthers ? ahead : back];
                double slope = sign * (here + there);
                if (slope == 0 || (other == row && ReferenceEquals(_own, _met)))
                {
                    continue;
                }

                ReadOnlySpan<double> that = _met.Row(other);
                EdgeSlope edge = default;
                distance.SlopeOf(
                    own[.._own.Length], that[.._own.Length],
                    distance.Measure(own[.._own.Length], that[.._own.Length]), slope, ref edge);
                if (!edge.IsOn)
                {
                    continue;
                }

                TPart part = TPart.Of(edge, distance);
                ref double b = ref MemoryMarshal.GetReference(that);
                for (int i = 0; i < _own.Stride; i += V.Count)
                {
                    V on = V.Load(ref to, i);
                    V unwanted = V.Of(0);
                    part.AddTo(ref on, ref unwanted, V.Load(ref a, i), V.Load(ref b, i));
                    V.Store(on, ref to, i);
                }
            }
        }
    }
}

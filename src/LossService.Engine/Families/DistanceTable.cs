using System.Numerics;
using System.Runtime.InteropServices;
using LossService.Engine.Lanes;
using LossService.Engine.Numerics;

namespace LossService.Engine.Families;

/// <summary>How far every sample of a batch is from every other, and the way of slopes on that back to the
/// vectors.</summary>
/// <remarks>Products, and cosines of scaled vectors, come from the blocked product. Other distances are measured one by
/// one in doubles: |a|² + |b|² - 2ab would lose the digits of near vectors, and mining looks at just these.</remarks>
internal sealed class DistanceTable<T> : IDisposable where T : unmanaged, IFloatingPointIeee754<T>
{
    private readonly VectorTable<T, double> _vectors;
    private readonly Distance _distance;
    private readonly Tensor _table;

    /// <summary>Measures the vectors that are not left out.</summary>
    public DistanceTable(LossRequest request, KeptItems plan, BatchMetric metric, Workshop workshop)
    {
        _distance = metric.Distance;
        bool normalizes = metric.Normalizes || _distance.Kind == DistanceKind.Cosine;
        _vectors = new(
            request.Tensor(0)!, request.Solution!, plan.LeftOutFlags, normalizes, pads: true, workshop.Pool);
        try
        {
            _table = Tensor.Rent(workshop.Pool, new Shape(_vectors.Count, _vectors.Count), Element.Float64);
        }
        catch
        {
            _vectors.Dispose();
            throw;
        }
    }

    /// <summary>What is added to a number of the table to make it a distance, after <see cref="Sign"/>.</summary>
    public double Offset => _distance.Kind == DistanceKind.Cosine ? 1 : 0;

    /// <summary>What a number of the table is multiplied with to make it a distance.</summary>
    public double Sign => IsProduct ? -1 : 1;

    private bool IsProduct => _distance.Kind is DistanceKind.Dot or DistanceKind.Cosine;

    /// <summary>The numbers of one anchor.</summary>
    public Span<double> Row(int anchor) => _table.Float64.Slice(anchor * _vectors.Count, _vectors.Count);

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
        if (!IsProduct)
        {
            new MeasureDriver(this).RunAll(workshop);
            return;
        }

        DoubleProduct.RunSymmetric(_vectors.AsRows, _table, workshop);
    }

    /// <summary>Writes the gradient; the table holds slopes on its numbers by now.</summary>
    public void Differentiate(Tensor gradient, KeptItems plan, Workshop workshop)
    {
        if (!IsProduct)
        {
            new SlopeDriver(this, gradient, plan).RunAll(workshop);
            return;
        }

        int count = _vectors.Count;
        using Tensor sums = Tensor.Rent(workshop.Pool, new Shape(count, _vectors.Stride), Element.Float64);
        foreach (bool areColumns in (ReadOnlySpan<bool>)[false, true])
        {
            DoubleProduct.Run(
                new(_table, count, count, areColumns), _vectors.AsColumns, sums, workshop, adds: areColumns);
        }

        _vectors.Return(sums, gradient, plan.LeftOutFlags);
    }

    public void Dispose()
    {
        _table.Dispose();
        _vectors.Dispose();
    }

    private sealed class MeasureDriver(DistanceTable<T> table) : Driver
    {
        public override int Blocks => table._vectors.Count;

        // A row measures what lies behind its diagonal, and writes it below the diagonal too.
        public override void Run(int block, Scratch scratch)
        {
            VectorTable<T, double> vectors = table._vectors;
            Distance distance = table._distance;
            Span<double> all = table._table.Float64;
            int count = vectors.Count;
            ReadOnlySpan<double> own = vectors.Row(block)[..vectors.Length];
            all[(block * count) + block] = 0;
            for (int other = block + 1; other < count; other++)
            {
                double measured = distance.Measure(own, vectors.Row(other)[..vectors.Length]);
                all[(block * count) + other] = measured;
                all[(other * count) + block] = measured;
            }
        }
    }

    private sealed class SlopeDriver(DistanceTable<T> table, Tensor gradient, KeptItems plan) : Driver
    {
        public override int Blocks => table._vectors.Count;

        public override void Run(int block, Scratch scratch)
        {
            Span<double> sum = scratch.Take<double>(0, table._vectors.Stride)[..table._vectors.Stride];
            sum.Clear();
            switch (table._distance.Kind)
            {
                case DistanceKind.L1 or DistanceKind.Lp:
                    Add<SignPart>(block, sum);
                    break;
                case DistanceKind.L2:
                    Add<DirectionPart>(block, sum);
                    break;
                default:
                    Add<DifferencePart>(block, sum);
                    break;
            }

            table._vectors.Return(block, sum, gradient, plan.LeftOutFlags);
        }

        // A distance has slopes from both its ends; both stand in the table.
        private void Add<TPart>(int row, Span<double> sum) where TPart : struct, IEdgePart<TPart>
        {
            VectorTable<T, double> vectors = table._vectors;
            Distance distance = table._distance;
            Span<double> all = table._table.Float64;
            int count = vectors.Count;
            ReadOnlySpan<double> own = vectors.Row(row);
            ref double a = ref MemoryMarshal.GetReference(own);
            ref double to = ref MemoryMarshal.GetReference(sum);
            for (int other = 0; other < count; other++)
            {
                double slope = all[(row * count) + other] + all[(other * count) + row];
                if (slope == 0 || other == row)
                {
                    continue;
                }

                ReadOnlySpan<double> that = vectors.Row(other);
                EdgeSlope edge = default;
                distance.SlopeOf(
                    own[..vectors.Length], that[..vectors.Length],
                    distance.Measure(own[..vectors.Length], that[..vectors.Length]), slope, ref edge);
                if (!edge.IsOn)
                {
                    continue;
                }

                TPart part = TPart.Of(edge, distance);
                ref double b = ref MemoryMarshal.GetReference(that);
                if (Wide.IsFast)
                {
                    Add<TPart, WideDoubleLane>(part, ref a, ref b, ref to, vectors.Stride);
                }
                else
                {
                    Add<TPart, DoubleLane>(part, ref a, ref b, ref to, vectors.Stride);
                }
            }
        }

        private static void Add<TPart, V>(TPart part, ref double a, ref double b, ref double to, int length)
            where TPart : struct, IEdgePart<TPart>
            where V : struct, IVectorLane<V, double>
        {
            for (int i = 0; i < length; i += V.Count)
            {
                V on = V.Load(ref to, i);
                V unwanted = V.Of(0);
                part.AddTo(ref on, ref unwanted, V.Load(ref a, i), V.Load(ref b, i));
                V.Store(on, ref to, i);
            }
        }
    }
}

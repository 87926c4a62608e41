using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using LossService.Engine.Cards;
using LossService.Engine.Lanes;
using LossService.Engine.Numerics;

namespace LossService.Engine.Families;

/// <summary>Runs an elementwise kernel over blocks: items, the gradient of every input asked for, diagonal
/// Hessians.</summary>
/// <remarks>Each differentiable input is one pass over the block with its own dual seed; the block stays in
/// L1.</remarks>
internal sealed class ElementwiseDriver<TKernel, T, V> : Driver, IDisposable
    where TKernel : struct, IElementKernel<TKernel>
    where T : unmanaged, INumberBase<T>
    where V : struct, IVectorLane<V, T>
{
    private const int OperandsMax = 3;

    private readonly TKernel _kernel;
    private readonly LossRequest _request;
    private readonly LossResult _result;
    private readonly ItemPlan<T> _plan;
    private readonly Tensor _partials;
    private readonly Operand<T>[] _operands = new Operand<T>[OperandsMax];
    private readonly int[] _places = new int[OperandsMax];
    private int _ties;

    public ElementwiseDriver(
        TKernel kernel, LossRequest request, LossResult result, ItemPlan<T> plan, Workshop workshop)
    {
        _kernel = kernel;
        _request = request;
        _result = result;
        _plan = plan;
        Blocks = (plan.Items + BlockItems - 1) / BlockItems;
        FindOperands();
        Outputs.Rent(request, result, workshop.Pool, withItems: true);
        _partials = Tensor.Rent(workshop.Pool, new Shape(Blocks), Element.Float64);
    }

    public override int Blocks { get; }

    public override void Run(int block, Scratch scratch)
    {
        int start = block * BlockItems;
        int count = Math.Min(BlockItems, _plan.Items - start);
        var pass = new Pass
        {
            X = _operands[0].Read(start, scratch.Take<T>(0, count)[..count]),
            Y = TKernel.Operands > 1 ? _operands[1].Read(start, scratch.Take<T>(1, count)[..count]) : default,
            Z = TKernel.Operands > 2 ? _operands[2].Read(start, scratch.Take<T>(2, count)[..count]) : default,
            Weights = scratch.Take<T>(3, count)[..count],
            Coefficients = scratch.Take<T>(4, count)[..count],
            Curvatures = scratch.Take<T>(5, count)[..count],
            Items = _result.Losses is null
                ? scratch.Take<T>(6, count)[..count]
                : _result.Losses.Values<T>().Slice(start, count),
        };
        if (!scratch.HasConstants)
        {
            _plan.Fill(start, pass.Weights, pass.Coefficients, pass.Curvatures);
            scratch.HasConstants = _plan.IsUniform && count == BlockItems;
        }

        Differentiate<First>(0, start, ref pass);
        if (TKernel.Operands > 1)
        {
            Differentiate<Second>(1, start, ref pass);
        }

        if (TKernel.Operands > 2)
        {
            Differentiate<Third>(2, start, ref pass);
        }

        if (!pass.HasItems)
        {
            Sweep<None>(ref pass, default, default);
        }

        _plan.Blank(start, pass.Items);
        _partials.Float64[block] = Sums.OfBlock<T>(pass.Items);
        if (TKernel.HasCorner)
        {
            Interlocked.Add(ref _ties, CountTies(start, ref pass));
        }
    }

    /// <summary>Reduces, and says what the caller should know.</summary>
    public void Finish()
    {
        _plan.Finish(_result, _partials.Float64);
        if (_ties > 0)
        {
            _result.Notes.Add(new("ties", "Items sit exactly on a corner of the loss; the member tie chose their slope.")
            {
                Count = _ties,
            });
        }
    }

    public void Dispose() => _partials.Dispose();

    private void FindOperands()
    {
        int operand = 0;
        for (int place = 0; place < _request.Card.Inputs.Count && operand < TKernel.Operands; place++)
        {
            if (_request.Card.Inputs[place].Name != Common.WeightName)
            {
                _places[operand] = place;
                _operands[operand++] = new(_request, place);
            }
        }
    }

    private void Differentiate<TSeed>(int operand, int start, ref Pass pass) where TSeed : struct, ISeed
    {
        Tensor? gradient = _result.Gradients[_places[operand]];
        if (gradient is null)
        {
            return;
        }

        Span<T> slopes = gradient.Values<T>().Slice(start, pass.Items.Length);
        Tensor? hessian = _result.Hessians[_places[operand]];
        Span<T> curves = hessian is null ? default : hessian.Values<T>().Slice(start, pass.Items.Length);
        Sweep<TSeed>(ref pass, slopes, curves);
        _plan.Blank(start, slopes);
        _plan.Blank(start, curves);
    }

    // Whole vectors in place, then the tail once more through a padded copy: the same arithmetic for every element.
    private void Sweep<TSeed>(ref Pass pass, Span<T> slopes, Span<T> curves) where TSeed : struct, ISeed
    {
        pass.HasItems = true;
        int count = pass.Items.Length;
        int whole = count - (count % V.Count);
        if (whole > 0)
        {
            Vectors<TSeed>(whole, pass, slopes, curves);
        }

        int tail = count - whole;
        if (tail == 0)
        {
            return;
        }

        Span<T> room = stackalloc T[9 * 8];
        var padded = new Pass
        {
            X = Pad(pass.X, whole, room, 0),
            Y = Pad(pass.Y, whole, room, 1),
            Z = Pad(pass.Z, whole, room, 2),
            Weights = Pad(pass.Weights, whole, room, 3),
            Coefficients = Pad(pass.Coefficients, whole, room, 4),
            Curvatures = Pad(pass.Curvatures, whole, room, 5),
            Items = room.Slice(6 * 8, V.Count),
        };
        Span<T> tailSlopes = slopes.IsEmpty ? default : room.Slice(7 * 8, V.Count);
        Span<T> tailCurves = curves.IsEmpty ? default : room.Slice(8 * 8, V.Count);
        Vectors<TSeed>(V.Count, padded, tailSlopes, tailCurves);
        padded.Items[..tail].CopyTo(pass.Items[whole..]);
        if (!slopes.IsEmpty)
        {
            tailSlopes[..tail].CopyTo(slopes[whole..]);
        }

        if (!curves.IsEmpty)
        {
            tailCurves[..tail].CopyTo(curves[whole..]);
        }
    }

    private static Span<T> Pad(Span<T> numbers, int whole, Span<T> room, int slot)
    {
        Span<T> padded = room.Slice(slot * 8, V.Count);
        padded.Clear();
        if (!numbers.IsEmpty)
        {
            numbers[whole..].CopyTo(padded);
        }

        return padded;
    }

    private void Vectors<TSeed>(int count, in Pass pass, Span<T> slopes, Span<T> curves) where TSeed : struct, ISeed
    {
        if (TSeed.Operand < 0)
        {
            Values(count, pass);
        }
        else if (curves.IsEmpty)
        {
            Gradients<TSeed>(count, pass, slopes);
        }
        else
        {
            Hessians<TSeed>(count, pass, slopes, curves);
        }
    }

    private void Values(int count, in Pass pass)
    {
        ref T x = ref MemoryMarshal.GetReference(pass.X);
        ref T y = ref MemoryMarshal.GetReference(pass.Y);
        ref T z = ref MemoryMarshal.GetReference(pass.Z);
        ref T weight = ref MemoryMarshal.GetReference(pass.Weights);
        ref T item = ref MemoryMarshal.GetReference(pass.Items);
        TKernel kernel = _kernel;
        for (int i = 0; i < count; i += V.Count)
        {
            V loss = kernel.Loss(
                V.Load(ref x, i),
                TKernel.Operands > 1 ? V.Load(ref y, i) : default,
                TKernel.Operands > 2 ? V.Load(ref z, i) : default);
            V.Store(loss * V.Load(ref weight, i), ref item, i);
        }
    }

    private void Gradients<TSeed>(int count, in Pass pass, Span<T> slopes) where TSeed : struct, ISeed
    {
        ref T x = ref MemoryMarshal.GetReference(pass.X);
        ref T y = ref MemoryMarshal.GetReference(pass.Y);
        ref T z = ref MemoryMarshal.GetReference(pass.Z);
        ref T weight = ref MemoryMarshal.GetReference(pass.Weights);
        ref T coefficient = ref MemoryMarshal.GetReference(pass.Coefficients);
        ref T item = ref MemoryMarshal.GetReference(pass.Items);
        ref T slope = ref MemoryMarshal.GetReference(slopes);
        TKernel kernel = _kernel;
        for (int i = 0; i < count; i += V.Count)
        {
            Dual<V> loss = kernel.Loss(
                new Dual<V>(V.Load(ref x, i), V.Of(TSeed.Operand == 0 ? 1 : 0)),
                TKernel.Operands > 1 ? new Dual<V>(V.Load(ref y, i), V.Of(TSeed.Operand == 1 ? 1 : 0)) : default,
                TKernel.Operands > 2 ? new Dual<V>(V.Load(ref z, i), V.Of(TSeed.Operand == 2 ? 1 : 0)) : default);
            V.Store(loss.Value * V.Load(ref weight, i), ref item, i);
            V.Store(loss.Slope * V.Load(ref coefficient, i), ref slope, i);
        }
    }

    private void Hessians<TSeed>(int count, in Pass pass, Span<T> slopes, Span<T> curves) where TSeed : struct, ISeed
    {
        ref T x = ref MemoryMarshal.GetReference(pass.X);
        ref T y = ref MemoryMarshal.GetReference(pass.Y);
        ref T z = ref MemoryMarshal.GetReference(pass.Z);
        ref T weight = ref MemoryMarshal.GetReference(pass.Weights);
        ref T coefficient = ref MemoryMarshal.GetReference(pass.Coefficients);
        ref T curvature = ref MemoryMarshal.GetReference(pass.Curvatures);
        ref T item = ref MemoryMarshal.GetReference(pass.Items);
        ref T slope = ref MemoryMarshal.GetReference(slopes);
        ref T curve = ref MemoryMarshal.GetReference(curves);
        TKernel kernel = _kernel;
        for (int i = 0; i < count; i += V.Count)
        {
            Dual<Dual<V>> loss = kernel.Loss(
                Twice(V.Load(ref x, i), TSeed.Operand == 0),
                TKernel.Operands > 1 ? Twice(V.Load(ref y, i), TSeed.Operand == 1) : default,
                TKernel.Operands > 2 ? Twice(V.Load(ref z, i), TSeed.Operand == 2) : default);
            V.Store(loss.Value.Value * V.Load(ref weight, i), ref item, i);
            V.Store(loss.Value.Slope * V.Load(ref coefficient, i), ref slope, i);
            V.Store(loss.Slope.Slope * V.Load(ref curvature, i), ref curve, i);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Dual<Dual<V>> Twice(V value, bool seeded) =>
        seeded
            ? new(new(value, V.Of(1)), new(V.Of(1), V.Of(0)))
            : new(new(value, V.Of(0)), new(V.Of(0), V.Of(0)));

    private int CountTies(int start, ref Pass pass)
    {
        int count = pass.Items.Length;
        int ties = 0;
        int i = 0;
        ref T x = ref MemoryMarshal.GetReference(pass.X);
        ref T y = ref MemoryMarshal.GetReference(pass.Y);
        ref T z = ref MemoryMarshal.GetReference(pass.Z);
        for (; _plan.LeftOut == 0 && i <= count - V.Count; i += V.Count)
        {
            V corner = _kernel.Corner(
                V.Load(ref x, i),
                TKernel.Operands > 1 ? V.Load(ref y, i) : default,
                TKernel.Operands > 2 ? V.Load(ref z, i) : default);
            ties += V.Set(V.Same(corner, V.Of(0)));
        }

        for (; i < count; i++)
        {
            double corner = _kernel.Corner<ScalarLane>(
                double.CreateTruncating(pass.X[i]),
                TKernel.Operands > 1 ? double.CreateTruncating(pass.Y[i]) : 0,
                TKernel.Operands > 2 ? double.CreateTruncating(pass.Z[i]) : 0).Value;
            ties += corner == 0 && !_plan.IsLeftOut(start + i) ? 1 : 0;
        }

        return ties;
    }

    private ref struct Pass
    {
        public Span<T> X;
        public Span<T> Y;
        public Span<T> Z;
        public Span<T> Weights;
        public Span<T> Coefficients;
        public Span<T> Curvatures;
        public Span<T> Items;
        public bool HasItems;
    }
}

/// <summary>Which operand a pass differentiates, known to the compiler.</summary>
internal interface ISeed
{
    static abstract int Operand { get; }
}

internal readonly struct First : ISeed
{
    public static int Operand => 0;
}

internal readonly struct Second : ISeed
{
    public static int Operand => 1;
}

internal readonly struct Third : ISeed
{
    public static int Operand => 2;
}

internal readonly struct None : ISeed
{
    public static int Operand => -1;
}

using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using LossService.Engine.Lanes;

namespace LossService.Engine.Families;

/// <summary>The loops of an elementwise loss: values, values and slopes, or those and second derivatives.</summary>
internal sealed partial class ElementwiseDriver<TKernel, T, V>
{
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
}

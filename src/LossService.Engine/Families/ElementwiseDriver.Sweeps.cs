using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using LossService.Engine.Lanes;

namespace LossService.Engine.Families;

/// <summary>The loops of an elementwise loss: values, values and slopes, or those and second derivatives.</summary>
internal sealed partial class ElementwiseDriver<TLoss, TKernel, T, V>
{
    private const int VectorItemsMax = 16;

    // Whole vectors in place, then the tail once more through a padded copy: the same arithmetic for every element.
    private void Sweep<TSeed>(ref Pass pass, Span<T> slopes, Span<T> curves) where TSeed : struct, ISeed
    {
        // Items are those of the formula itself, or of the fused kernel where there is one.
        pass.HasItems = !TLoss.IsFused || TSeed.Operand <= 0;
        int count = pass.Items.Length;
        int whole = count - (count % V.Count);
        if (whole > 0)
        {
            Vectors<TSeed>(whole, pass, slopes, curves);
        }

        if (whole < count)
        {
            Tail<TSeed>(whole, pass, slopes, curves);
        }
    }

    private void Tail<TSeed>(int whole, in Pass pass, Span<T> slopes, Span<T> curves) where TSeed : struct, ISeed
    {
        int tail = pass.Items.Length - whole;
        Span<T> room = stackalloc T[10 * VectorItemsMax];
        var padded = new Pass
        {
            X = Pad(pass.X, whole, room, 0),
            Y = Pad(pass.Y, whole, room, 1),
            Z = Pad(pass.Z, whole, room, 2),
            Weights = Pad(pass.Weights, whole, room, 3),
            Coefficients = Pad(pass.Coefficients, whole, room, 4),
            Curvatures = Pad(pass.Curvatures, whole, room, 5),
            Items = room.Slice(6 * VectorItemsMax, V.Count),
            Ahead = room.Slice(9 * VectorItemsMax, V.Count),
        };
        Span<T> tailSlopes = slopes.IsEmpty ? default : room.Slice(7 * VectorItemsMax, V.Count);
        Span<T> tailCurves = curves.IsEmpty ? default : room.Slice(8 * VectorItemsMax, V.Count);
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

    private static Strip<T> Pad(Strip<T> strip, int whole, Span<T> room, int slot) =>
        strip.Repeats ? strip : new(Pad(strip.Numbers, whole, room, slot), repeats: false);

    private static Span<T> Pad(Span<T> numbers, int whole, Span<T> room, int slot)
    {
        Span<T> padded = room.Slice(slot * VectorItemsMax, V.Count);
        padded.Clear();
        if (!numbers.IsEmpty)
        {
            numbers[whole..].CopyTo(padded);
        }

        return padded;
    }

    private void Vectors<TSeed>(int count, in Pass pass, Span<T> slopes, Span<T> curves) where TSeed : struct, ISeed
    {
        if (TLoss.LooksAhead && TSeed.Operand <= 0 && curves.IsEmpty)
        {
            LookAhead(count, pass);
        }

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

    private static void LookAhead(nint count, in Pass pass)
    {
        ref T x = ref MemoryMarshal.GetReference(pass.X);
        ref T ahead = ref MemoryMarshal.GetReference(pass.Ahead);
        for (nint i = 0; i < count; i += V.Count)
        {
            V.Store(TLoss.Ahead(V.Load(ref x, i)), ref ahead, i);
        }
    }

    // A constant stays in a register; the branches around the other loads cost next to nothing.
    private void Values(nint count, in Pass pass)
    {
        ref T x = ref MemoryMarshal.GetReference(pass.X);
        ref T y = ref MemoryMarshal.GetReference(pass.Y);
        ref T z = ref MemoryMarshal.GetReference(pass.Z.Numbers);
        ref T weight = ref MemoryMarshal.GetReference(pass.Weights.Numbers);
        ref T ahead = ref MemoryMarshal.GetReference(pass.Ahead);
        ref T item = ref MemoryMarshal.GetReference(pass.Items);
        bool zRepeats = pass.Z.Repeats;
        bool weightRepeats = pass.Weights.Repeats;
        V atZ = TKernel.Operands > 2 ? V.Load(ref z, 0) : default;
        V w = V.Load(ref weight, 0);
        TLoss loss = _loss;
        for (nint i = 0; i < count; i += V.Count)
        {
            V atX = V.Load(ref x, i);
            V atY = TKernel.Operands > 1 ? V.Load(ref y, i) : default;
            atZ = TKernel.Operands > 2 && !zRepeats ? V.Load(ref z, i) : atZ;
            w = weightRepeats ? w : V.Load(ref weight, i);
            V value = TLoss.IsFused
                ? TLoss.Fused(loss, atX, atY, atZ, TLoss.LooksAhead ? V.Load(ref ahead, i) : atX).Value
                : TKernel.Loss(loss, atX, atY, atZ);
            V.Store(value * w, ref item, i);
        }
    }

    private void Gradients<TSeed>(nint count, in Pass pass, Span<T> slopes) where TSeed : struct, ISeed
    {
        ref T x = ref MemoryMarshal.GetReference(pass.X);
        ref T y = ref MemoryMarshal.GetReference(pass.Y);
        ref T z = ref MemoryMarshal.GetReference(pass.Z.Numbers);
        ref T weight = ref MemoryMarshal.GetReference(pass.Weights.Numbers);
        ref T coefficient = ref MemoryMarshal.GetReference(pass.Coefficients.Numbers);
        ref T ahead = ref MemoryMarshal.GetReference(pass.Ahead);
        ref T item = ref MemoryMarshal.GetReference(pass.Items);
        ref T slope = ref MemoryMarshal.GetReference(slopes);
        bool zRepeats = pass.Z.Repeats;
        bool weightRepeats = pass.Weights.Repeats;
        V atZ = TKernel.Operands > 2 ? V.Load(ref z, 0) : default;
        (V w, V k) = (V.Load(ref weight, 0), V.Load(ref coefficient, 0));
        bool fetches = pass.IsLarge;
        TLoss loss = _loss;
        for (nint i = 0; i < count; i += V.Count)
        {
            if (fetches)
            {
                Cache.Fetch(ref x, i + count);
                Cache.Fetch(ref y, i + count);
            }

            V atX = V.Load(ref x, i);
            V atY = TKernel.Operands > 1 ? V.Load(ref y, i) : default;
            atZ = TKernel.Operands > 2 && !zRepeats ? V.Load(ref z, i) : atZ;
            if (!weightRepeats)
            {
                (w, k) = (V.Load(ref weight, i), V.Load(ref coefficient, i));
            }

            Dual<V> at = TLoss.IsFused && TSeed.Operand == 0
                ? TLoss.Fused(loss, atX, atY, atZ, TLoss.LooksAhead ? V.Load(ref ahead, i) : atX)
                : TKernel.Loss(
                    loss,
                    new Dual<V>(atX, V.Of(TSeed.Operand == 0 ? 1 : 0)),
                    new Dual<V>(atY, V.Of(TSeed.Operand == 1 ? 1 : 0)),
                    new Dual<V>(atZ, V.Of(TSeed.Operand == 2 ? 1 : 0)));
            V.Store(at.Value * w, ref item, i);
            V.Store(at.Slope * k, ref slope, i);
        }
    }

    private void Hessians<TSeed>(nint count, in Pass pass, Span<T> slopes, Span<T> curves) where TSeed : struct, ISeed
    {
        ref T x = ref MemoryMarshal.GetReference(pass.X);
        ref T y = ref MemoryMarshal.GetReference(pass.Y);
        ref T z = ref MemoryMarshal.GetReference(pass.Z.Numbers);
        ref T weight = ref MemoryMarshal.GetReference(pass.Weights.Numbers);
        ref T coefficient = ref MemoryMarshal.GetReference(pass.Coefficients.Numbers);
        ref T curvature = ref MemoryMarshal.GetReference(pass.Curvatures.Numbers);
        ref T item = ref MemoryMarshal.GetReference(pass.Items);
        ref T slope = ref MemoryMarshal.GetReference(slopes);
        ref T curve = ref MemoryMarshal.GetReference(curves);
        bool zRepeats = pass.Z.Repeats;
        bool weightRepeats = pass.Weights.Repeats;
        TLoss loss = _loss;
        for (nint i = 0; i < count; i += V.Count)
        {
            nint own = weightRepeats ? 0 : i;
            Dual<Dual<V>> at = TKernel.Loss(
                loss,
                Twice(V.Load(ref x, i), TSeed.Operand == 0),
                TKernel.Operands > 1 ? Twice(V.Load(ref y, i), TSeed.Operand == 1) : default,
                TKernel.Operands > 2 ? Twice(V.Load(ref z, zRepeats ? 0 : i), TSeed.Operand == 2) : default);
            V.Store(at.Value.Value * V.Load(ref weight, own), ref item, i);
            V.Store(at.Value.Slope * V.Load(ref coefficient, own), ref slope, i);
            V.Store(at.Slope.Slope * V.Load(ref curvature, own), ref curve, i);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Dual<Dual<V>> Twice(V value, bool seeded) =>
        seeded
            ? new(new(value, V.Of(1)), new(V.Of(1), V.Of(0)))
            : new(new(value, V.Of(0)), new(V.Of(0), V.Of(0)));
}

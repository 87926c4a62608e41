using System.Runtime.InteropServices;
using LossService.Engine.Lanes;

namespace LossService.Engine.Families;

/// <summary>What the slope on one distance owes to its two vectors, as the few numbers that all coordinates share. The
/// default owes nothing.</summary>
/// <remarks>Fields, written one by one where they stand: a copy of the whole waits for all of them, and there are three
/// a sample.</remarks>
internal struct EdgeSlope
{
    /// <summary>The slope on the distance; 0 where nothing is owed, not even by a coordinate that is
    /// infinite.</summary>
    public double Slope;

    /// <summary>The distance itself.</summary>
    public double Distance;

    /// <summary>What a coordinate's difference is multiplied with; for cosine and dot, the other vector's
    /// coordinate.</summary>
    public double Factor;

    /// <summary>What the first vector's own coordinate is multiplied with.</summary>
    public double OnFirst;

    /// <summary>What the second vector's own coordinate is multiplied with.</summary>
    public double OnSecond;

    /// <summary>For cosines of near directions and of extreme vectors: what the first vector is multiplied with; 0 for
    /// all others.</summary>
    /// <remarks>Then <see cref="OnFirst"/> and <see cref="OnSecond"/> are multiples of a vector to be taken from the
    /// other, before <see cref="Factor"/>.</remarks>
    public double ScaleOfFirst;

    /// <summary>The same for the second.</summary>
    public double ScaleOfSecond;

    /// <summary>What rounding took from <see cref="OnFirst"/>.</summary>
    public double RestOnFirst;

    /// <summary>What it took from <see cref="OnSecond"/>.</summary>
    public double RestOnSecond;

    /// <summary>True where the vectors are scaled, if only by 1.</summary>
    public readonly bool HasResidues => ScaleOfFirst != 0;

    /// <summary>True where something is owed.</summary>
    public readonly bool IsOn => Slope != 0;
}

/// <summary>The vectors of one sample, or their gradients; two or three of one length.</summary>
internal readonly ref struct SampleRows<T>(Span<T> first, Span<T> second, Span<T> third)
{
    public readonly Span<T> First = first;
    public readonly Span<T> Second = second;
    public readonly Span<T> Third = third;

    public void Clear()
    {
        First.Clear();
        Second.Clear();
        Third.Clear();
    }
}

/// <summary>Writes the gradients of one sample's vectors: every edge's part is added in doubles and rounded
/// once.</summary>
internal static class DistanceSlopes
{
    /// <summary>Writes the gradients that the edges first-second, first-third and second-third owe.</summary>
    public static void Write<T>(
        in Distance distance, in EdgeSlope near, in EdgeSlope far, in EdgeSlope across, in SampleRows<T> vectors,
        in SampleRows<T> gradients)
        where T : unmanaged
    {
        if (Wide.IsFast)
        {
            Write<T, WideDoubleLane>(distance, near, far, across, vectors, gradients);
        }
        else
        {
            Write<T, DoubleLane>(distance, near, far, across, vectors, gradients);
        }
    }

    private static void Write<T, V>(
        in Distance distance, in EdgeSlope near, in EdgeSlope far, in EdgeSlope across, in SampleRows<T> vectors,
        in SampleRows<T> gradients)
        where T : unmanaged
        where V : struct, IVectorLane<V, double>
    {
        switch (distance.Kind)
        {
            case DistanceKind.L2 when HasInfinity(near) || HasInfinity(far) || HasInfinity(across):
                Write<T, DirectionPart<V>, V>(distance, near, far, across, vectors, gradients);
                break;
            case DistanceKind.L2 or DistanceKind.SquaredL2:
                Write<T, DifferencePart<V>, V>(distance, near, far, across, vectors, gradients);
                break;
            case DistanceKind.L1 or DistanceKind.Lp:
                Write<T, SignPart<V>, V>(distance, near, far, across, vectors, gradients);
                break;
            case DistanceKind.Cosine when near.HasResidues || far.HasResidues || across.HasResidues:
                Write<T, ResiduePart<V>, V>(distance, near, far, across, vectors, gradients);
                break;
            default:
                Write<T, VectorsPart<V>, V>(distance, near, far, across, vectors, gradients);
                break;
        }
    }

    private static bool HasInfinity(in EdgeSlope edge) => edge.IsOn && double.IsInfinity(edge.Factor);

    private static void Write<T, TPart, V>(
        in Distance distance, in EdgeSlope near, in EdgeSlope far, in EdgeSlope across, in SampleRows<T> vectors,
        in SampleRows<T> gradients)
        where T : unmanaged
        where TPart : struct, IEdgePart<TPart, V>
        where V : struct, IVectorLane<V, double>
    {
        int width = V.Count;
        WriteWhole<T, TPart, V>(distance, near, far, across, vectors, gradients);
        int rest = vectors.First.Length % width;
        if (rest == 0)
        {
            return;
        }

        // The tail is computed as a whole vector, aside.
        int whole = vectors.First.Length - rest;
        Span<T> room = stackalloc T[6 * width];
        room.Clear();
        SampleRows<T> from = Slices(room, width, vectors.Third.IsEmpty);
        SampleRows<T> to = Slices(room[(3 * width)..], width, vectors.Third.IsEmpty);
        vectors.First[whole..].CopyTo(from.First);
        vectors.Second[whole..].CopyTo(from.Second);
        vectors.Third[Math.Min(whole, vectors.Third.Length)..].CopyTo(from.Third);
        WriteWhole<T, TPart, V>(distance, near, far, across, from, to);
        to.First[..rest].CopyTo(gradients.First[whole..]);
        to.Second[..rest].CopyTo(gradients.Second[whole..]);
        if (!vectors.Third.IsEmpty)
        {
            to.Third[..rest].CopyTo(gradients.Third[whole..]);
        }

        static SampleRows<T> Slices(Span<T> room, int width, bool areTwo) =>
            new(room[..width], room.Slice(width, width), areTwo ? default : room.Slice(2 * width, width));
    }

    // Whole vectors only.
    private static void WriteWhole<T, TPart, V>(
        in Distance distance, in EdgeSlope near, in EdgeSlope far, in EdgeSlope across, in SampleRows<T> vectors,
        in SampleRows<T> gradients)
        where T : unmanaged
        where TPart : struct, IEdgePart<TPart, V>
        where V : struct, IVectorLane<V, double>
    {
        TPart nearPart = TPart.Of(near, distance);
        TPart farPart = TPart.Of(far, distance);
        TPart acrossPart = TPart.Of(across, distance);
        (bool isNear, bool isFar, bool isAcross) = (near.IsOn, far.IsOn, across.IsOn);
        bool hasThird = !vectors.Third.IsEmpty;
        ref T a = ref MemoryMarshal.GetReference(vectors.First);
        ref T b = ref MemoryMarshal.GetReference(vectors.Second);
        ref T c = ref MemoryMarshal.GetReference(vectors.Third);
        ref T onA = ref MemoryMarshal.GetReference(gradients.First);
        ref T onB = ref MemoryMarshal.GetReference(gradients.Second);
        ref T onC = ref MemoryMarshal.GetReference(gradients.Third);
        for (int i = 0; i <= vectors.First.Length - V.Count; i += V.Count)
        {
            V first = Widened<T, V>.Load(ref a, i);
            V second = Widened<T, V>.Load(ref b, i);
            V onFirst = V.Of(0);
            V onSecond = V.Of(0);
            if (isNear)
            {
                nearPart.AddTo(ref onFirst, ref onSecond, first, second);
            }

            if (hasThird)
            {
                V third = Widened<T, V>.Load(ref c, i);
                V onThird = V.Of(0);
                if (isFar)
                {
                    farPart.AddTo(ref onFirst, ref onThird, first, third);
                }

                if (isAcross)
                {
                    acrossPart.AddTo(ref onSecond, ref onThird, second, third);
                }

                Widened<T, V>.Store(onThird, ref onC, i);
            }

            Widened<T, V>.Store(onFirst, ref onA, i);
            Widened<T, V>.Store(onSecond, ref onB, i);
        }
    }
}

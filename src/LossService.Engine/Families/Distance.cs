using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using LossService.Engine.Cards;
using LossService.Engine.Lanes;
using LossService.Engine.Numerics;

namespace LossService.Engine.Families;

/// <summary>How far two vectors are apart; one enum for all losses, in the order of the words of
/// <c>distance</c>.</summary>
internal enum DistanceKind
{
    L2,
    SquaredL2,
    L1,
    Lp,
    Cosine,
    Dot,
}

/// <summary>A distance with its options: its value, and what a slope on it owes to both vectors.</summary>
/// <remarks>Everything is computed in doubles. At distance 0, and for the cosine of a zero vector, the gradient is
/// 0.</remarks>
/// <param name="Kind">Which distance.</param>
/// <param name="Power">The power of lp.</param>
/// <param name="Eps">Added to each coordinate of the difference; for cosine to the squared norms.</param>
internal readonly record struct Distance(DistanceKind Kind, double Power, double Eps)
{
    /// <summary>The parameter that chooses among the distances.</summary>
    public static Parameter Choice { get; } = Parameter.Choice(
        "distance", ["l2", "squared_l2", "l1", "lp", "cosine", "dot"],
        "How far two vectors are apart: l2, squared_l2, l1, lp (with the power p), cosine (1 - cos), dot (-dot).");

    /// <summary>The power of lp.</summary>
    public static Parameter P { get; } = Parameter.Number(
        "p", 2, "The power of the lp distance; given without a distance, it chooses lp.", min: 0, minOpen: true);

    /// <summary>What PyTorch adds to each coordinate of a difference.</summary>
    public static Parameter EpsParameter { get; } = Parameter.Number(
        "eps", 0, "Added to each coordinate of the difference; PyTorch adds 1e-06.", min: 0);

    /// <summary>The distance that a request chose.</summary>
    public static Distance Of(Settings settings)
    {
        bool lp = settings.IsGiven(P) && !settings.IsGiven(Choice);
        return new(lp ? DistanceKind.Lp : (DistanceKind)(int)settings[Choice], settings[P], settings[EpsParameter]);
    }

    /// <summary>The distance of two vectors of one length.</summary>
    public double Measure(ReadOnlySpan<double> a, ReadOnlySpan<double> b)
    {
        switch (Kind)
        {
            case DistanceKind.L2:
                double squares = Sum(a, b, Eps, DistanceKind.SquaredL2, 2);
                return squares is > 1e-280 and < double.PositiveInfinity
                    ? Math.Sqrt(squares)
                    : CarefulRoot(a, b, squares);
            case DistanceKind.Lp:
                double sum = Sum(a, b, Eps, DistanceKind.Lp, Power);
                return sum == 0 ? 0 : ScalarLane.Pow(sum, 1 / Power).Value;
            case DistanceKind.Cosine:
                return 1 - Cosine(a, b, out _, out _);
            case DistanceKind.Dot:
                return -DotProduct(a, b);
            default:
                return Sum(a, b, Eps, Kind, Power);
        }
    }

    /// <summary>Adds <paramref name="slope"/> times the distance's gradient to both vectors' gradients.</summary>
    public void Differentiate(
        ReadOnlySpan<double> a, ReadOnlySpan<double> b, double distance, double slope, Span<double> onA,
        Span<double> onB)
    {
        if (slope == 0)
        {
            return;
        }

        switch (Kind)
        {
            case DistanceKind.Dot:
                AddScaled(b, -slope, onA);
                AddScaled(a, -slope, onB);
                break;
            case DistanceKind.Cosine:
                AddCosine(a, b, slope, onA, onB);
                break;
            default:
                AddDifference(a, b, distance, slope, onA, onB);
                break;
        }
    }

    private void AddDifference(
        ReadOnlySpan<double> a, ReadOnlySpan<double> b, double distance, double slope, Span<double> onA,
        Span<double> onB)
    {
        if (distance == 0)
        {
            return;
        }

        double factor = Kind switch
        {
            DistanceKind.SquaredL2 => 2 * slope,
            DistanceKind.L2 => slope / distance,
            _ => slope,
        };
        ref double x = ref MemoryMarshal.GetReference(a);
        ref double y = ref MemoryMarshal.GetReference(b);
        ref double toA = ref MemoryMarshal.GetReference(onA);
        ref double toB = ref MemoryMarshal.GetReference(onB);
        int i = 0;
        for (; i <= a.Length - DoubleLane.Count; i += DoubleLane.Count)
        {
            DoubleLane part =
                Slope(DoubleLane.Load(ref x, i) - DoubleLane.Load(ref y, i) + Eps, distance, slope, factor);
            DoubleLane.Store(DoubleLane.Load(ref toA, i) + part, ref toA, i);
            DoubleLane.Store(DoubleLane.Load(ref toB, i) - part, ref toB, i);
        }

        for (; i < a.Length; i++)
        {
            double part = Slope<ScalarLane>(a[i] - b[i] + Eps, distance, slope, factor).Value;
            onA[i] += part;
            onB[i] -= part;
        }
    }

    // What one coordinate's difference owes to its vector.
    private V Slope<V>(V difference, double distance, double slope, double factor) where V : struct, ILane<V>
    {
        if (Kind is DistanceKind.L2 or DistanceKind.SquaredL2)
        {
            // One over a subnormal distance is infinite; the direction itself is not.
            return double.IsInfinity(factor) ? slope * (difference / distance) : factor * difference;
        }

        V sign = V.Select(difference > 0, 1, V.Select(difference < 0, -1, difference)); // 0 at 0, NaN at NaN
        return Kind == DistanceKind.L1
            ? factor * sign
            : factor * V.ZeroTimes(sign, V.Pow(V.Abs(difference) / distance, Power - 1));
    }

    private void AddCosine(
        ReadOnlySpan<double> a, ReadOnlySpan<double> b, double slope, Span<double> onA, Span<double> onB)
    {
        double cosine = Cosine(a, b, out double normA, out double normB);
        if (normA == 0 || normB == 0)
        {
            return;
        }

        double product = Math.Sqrt(normA) * Math.Sqrt(normB);
        for (int i = 0; i < a.Length; i++)
        {
            onA[i] -= slope * ((b[i] / product) - (cosine * a[i] / normA));
            onB[i] -= slope * ((a[i] / product) - (cosine * b[i] / normB));
        }
    }

    // The squared norms come out with eps added, as PyTorch's cosine_embedding_loss adds it.
    private double Cosine(ReadOnlySpan<double> a, ReadOnlySpan<double> b, out double normA, out double normB)
    {
        normA = DotProduct(a, a) + Eps;
        normB = DotProduct(b, b) + Eps;
        return normA == 0 || normB == 0 ? 0 : DotProduct(a, b) / (Math.Sqrt(normA) * Math.Sqrt(normB));
    }

    private static void AddScaled(ReadOnlySpan<double> vector, double factor, Span<double> to)
    {
        for (int i = 0; i < vector.Length; i++)
        {
            to[i] += factor * vector[i];
        }
    }

    // Squares overflow past 1e154 and vanish below 1e-162; scaled by the largest coordinate they do neither.
    private double CarefulRoot(ReadOnlySpan<double> a, ReadOnlySpan<double> b, double squares)
    {
        double most = 0;
        for (int i = 0; i < a.Length; i++)
        {
            most = Math.Max(most, Math.Abs(a[i] - b[i] + Eps));
        }

        if (most == 0 || !double.IsFinite(most))
        {
            return Math.Sqrt(squares);
        }

        double sum = 0;
        for (int i = 0; i < a.Length; i++)
        {
            double part = (a[i] - b[i] + Eps) / most;
            sum += part * part;
        }

        return most * Math.Sqrt(sum);
    }

    private static double Sum(
        ReadOnlySpan<double> a, ReadOnlySpan<double> b, double eps, DistanceKind kind, double power)
    {
        Span<double> sums = stackalloc double[Sums.Accumulators];
        sums.Clear();
        ref double x = ref MemoryMarshal.GetReference(a);
        ref double y = ref MemoryMarshal.GetReference(b);
        ref double sum = ref MemoryMarshal.GetReference(sums);
        int i = 0;
        DoubleLane s0 = 0;
        DoubleLane s1 = 0;
        DoubleLane s2 = 0;
        DoubleLane s3 = 0;
        for (; i <= a.Length - Sums.Accumulators; i += Sums.Accumulators)
        {
            s0 += Part(DoubleLane.Load(ref x, i) - DoubleLane.Load(ref y, i) + eps, kind, power);
            s1 += Part(DoubleLane.Load(ref x, i + 4) - DoubleLane.Load(ref y, i + 4) + eps, kind, power);
            s2 += Part(DoubleLane.Load(ref x, i + 8) - DoubleLane.Load(ref y, i + 8) + eps, kind, power);
            s3 += Part(DoubleLane.Load(ref x, i + 12) - DoubleLane.Load(ref y, i + 12) + eps, kind, power);
        }

        DoubleLane.Store(s0, ref sum, 0);
        DoubleLane.Store(s1, ref sum, 4);
        DoubleLane.Store(s2, ref sum, 8);
        DoubleLane.Store(s3, ref sum, 12);
        for (int k = 0; i < a.Length; i++, k++)
        {
            sums[k] += Part<ScalarLane>(a[i] - b[i] + eps, kind, power).Value;
        }

        return Sums.Fold(sums);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static V Part<V>(V difference, DistanceKind kind, double power) where V : struct, ILane<V> => kind switch
    {
        DistanceKind.SquaredL2 => difference * difference,
        DistanceKind.L1 => V.Abs(difference),
        _ => V.Pow(V.Abs(difference), power),
    };

    private static double DotProduct(ReadOnlySpan<double> a, ReadOnlySpan<double> b)
    {
        Span<double> sums = stackalloc double[Sums.Accumulators];
        sums.Clear();
        ref double x = ref MemoryMarshal.GetReference(a);
        ref double y = ref MemoryMarshal.GetReference(b);
        ref double sum = ref MemoryMarshal.GetReference(sums);
        int i = 0;
        for (; i <= a.Length - Sums.Accumulators; i += Sums.Accumulators)
        {
            for (int k = 0; k < Sums.Accumulators; k += DoubleLane.Count)
            {
                DoubleLane product = DoubleLane.Load(ref x, i + k) * DoubleLane.Load(ref y, i + k);
                DoubleLane.Store(DoubleLane.Load(ref sum, k) + product, ref sum, k);
            }
        }

        for (int k = 0; i < a.Length; i++, k++)
        {
            sums[k] += a[i] * b[i];
        }

        return Sums.Fold(sums);
    }
}

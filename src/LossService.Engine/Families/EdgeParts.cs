using System.Runtime.CompilerServices;
using LossService.Engine.Lanes;

namespace LossService.Engine.Families;

/// <summary>What one edge adds to the gradients of its two vectors, coordinate by coordinate.</summary>
internal interface IEdgePart<TSelf, V>
    where TSelf : struct, IEdgePart<TSelf, V>
    where V : struct, ILane<V>
{
    static abstract TSelf Of(in EdgeSlope edge, in Distance distance);

    void AddTo(ref V onA, ref V onB, V a, V b);
}

/// <summary>A multiple of the difference: l2 and squared_l2.</summary>
/// <remarks>Three vectors, which the compiler keeps in registers; numbers it would spread again for every
/// coordinate.</remarks>
internal readonly struct DifferencePart<V>(double factor, double eps) : IEdgePart<DifferencePart<V>, V>
    where V : struct, ILane<V>
{
    private readonly V _factor = V.Of(factor);
    private readonly V _opposite = V.Of(-factor);
    private readonly V _eps = V.Of(eps);

    public static DifferencePart<V> Of(in EdgeSlope edge, in Distance distance) => new(edge.Factor, distance.Eps);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void AddTo(ref V onA, ref V onB, V a, V b)
    {
        V difference = a - b + _eps;
        onA = V.MultiplyAdd(_factor, difference, onA);
        onB = V.MultiplyAdd(_opposite, difference, onB);
    }
}

/// <summary>The direction times the slope: l2 where one over a subnormal distance is infinite.</summary>
internal readonly struct DirectionPart<V>(EdgeSlope edge, Distance distance) : IEdgePart<DirectionPart<V>, V>
    where V : struct, ILane<V>
{
    public static DirectionPart<V> Of(in EdgeSlope edge, in Distance distance) => new(edge, distance);

    public void AddTo(ref V onA, ref V onB, V a, V b)
    {
        V part = edge.Slope * ((a - b + V.Of(distance.Eps)) / V.Of(edge.Distance));
        onA += part;
        onB -= part;
    }
}

/// <summary>The difference's sign, for lp times a power of its share in the distance.</summary>
internal readonly struct SignPart<V>(EdgeSlope edge, Distance distance) : IEdgePart<SignPart<V>, V>
    where V : struct, ILane<V>
{
    public static SignPart<V> Of(in EdgeSlope edge, in Distance distance) => new(edge, distance);

    public void AddTo(ref V onA, ref V onB, V a, V b)
    {
        V difference = a - b + V.Of(distance.Eps);

        // 0 at 0, NaN at NaN.
        V part = V.Select(
            difference > V.Of(0), V.Of(1), V.Select(difference < V.Of(0), V.Of(-1), difference));
        if (distance.Kind == DistanceKind.Lp)
        {
            V share = V.Abs(difference) / V.Of(edge.Distance);
            part = V.ZeroTimes(part, V.Pow(share, distance.Power - 1));
        }

        onA += edge.Factor * part;
        onB -= edge.Factor * part;
    }
}

/// <summary>Multiples of both vectors: cosine and dot.</summary>
internal readonly struct VectorsPart<V>(EdgeSlope edge) : IEdgePart<VectorsPart<V>, V>
    where V : struct, ILane<V>
{
    public static VectorsPart<V> Of(in EdgeSlope edge, in Distance distance) => new(edge);

    public void AddTo(ref V onA, ref V onB, V a, V b)
    {
        onA += (edge.Factor * b) + (edge.OnFirst * a);
        onB += (edge.Factor * a) + (edge.OnSecond * b);
    }
}

/// <summary>The same where these multiples cancel or have no exponent: what is left of one vector when its share of the
/// other is taken away.</summary>
internal readonly struct ResiduePart<V>(EdgeSlope edge) : IEdgePart<ResiduePart<V>, V>
    where V : struct, ILane<V>
{
    public static ResiduePart<V> Of(in EdgeSlope edge, in Distance distance) => new(edge);

    public void AddTo(ref V onA, ref V onB, V a, V b)
    {
        if (!edge.HasResidues)
        {
            new VectorsPart<V>(edge).AddTo(ref onA, ref onB, a, b);
            return;
        }

        V first = edge.ScaleOfFirst * a;
        V second = edge.ScaleOfSecond * b;
        V leftOfSecond = V.MultiplyAdd(V.Of(-edge.OnFirst), first, second) - (edge.RestOnFirst * first);
        V leftOfFirst = V.MultiplyAdd(V.Of(-edge.OnSecond), second, first) - (edge.RestOnSecond * second);
        onA += edge.ScaleOfFirst * (edge.Factor * leftOfSecond);
        onB += edge.ScaleOfSecond * (edge.Factor * leftOfFirst);
    }
}

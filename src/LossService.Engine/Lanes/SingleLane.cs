using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace LossService.Engine.Lanes;

/// <summary>A vector of floats.</summary>
internal readonly struct SingleLane(Vector256<float> vector) : IVectorLane<SingleLane, float>
{
    private const MethodImplOptions Inline = MethodImplOptions.AggressiveInlining;

    private readonly Vector256<float> _vector = vector;

    public static int Count => Vector256<float>.Count;

    /// <summary>The machine's own vector.</summary>
    public Vector256<float> Vector => _vector;

    [MethodImpl(Inline)]
    public static SingleLane All(float number) => new(Vector256.Create(number));

    [MethodImpl(Inline)]
    public static int Set(SingleLane mask) => BitOperations.PopCount(mask._vector.ExtractMostSignificantBits());

    [MethodImpl(Inline)]
    public static bool Any(SingleLane mask) => mask._vector.ExtractMostSignificantBits() != 0;

    [MethodImpl(Inline)]
    public static SingleLane MultiplyAdd(SingleLane a, SingleLane b, SingleLane c) =>
        new(Vector256.FusedMultiplyAdd(a._vector, b._vector, c._vector));

    [MethodImpl(Inline)]
    public static SingleLane Load(ref readonly float origin, nint offset) =>
        new(Vector256.LoadUnsafe(in origin, (nuint)offset));

    [MethodImpl(Inline)]
    public static void Store(SingleLane value, ref float origin, nint offset) =>
        value._vector.StoreUnsafe(ref origin, (nuint)offset);

    [MethodImpl(Inline)]
    public static SingleLane ExpNonPositive(SingleLane a) => new(LaneMath.ExpNonPositive(a._vector));

    [MethodImpl(Inline)]
    public static implicit operator SingleLane(double constant) => new(Vector256.Create((float)constant));

    [MethodImpl(Inline)]
    public static SingleLane operator +(SingleLane a, SingleLane b) => new(a._vector + b._vector);

    [MethodImpl(Inline)]
    public static SingleLane operator -(SingleLane a, SingleLane b) => new(a._vector - b._vector);

    [MethodImpl(Inline)]
    public static SingleLane operator -(SingleLane a) => new(-a._vector);

    [MethodImpl(Inline)]
    public static SingleLane operator *(SingleLane a, SingleLane b) => new(a._vector * b._vector);

    [MethodImpl(Inline)]
    public static SingleLane operator *(double k, SingleLane a) => new(Vector256.Create((float)k) * a._vector);

    [MethodImpl(Inline)]
    public static SingleLane operator /(SingleLane a, SingleLane b) => new(a._vector / b._vector);

    [MethodImpl(Inline)]
    public static SingleLane operator >(SingleLane a, SingleLane b) => new(Vector256.GreaterThan(a._vector, b._vector));

    [MethodImpl(Inline)]
    public static SingleLane operator <(SingleLane a, SingleLane b) => new(Vector256.LessThan(a._vector, b._vector));

    [MethodImpl(Inline)]
    public static SingleLane Same(SingleLane a, SingleLane b) => new(Vector256.Equals(a._vector, b._vector));

    [MethodImpl(Inline)]
    public static SingleLane Select(SingleLane mask, SingleLane then, SingleLane otherwise) =>
        new(LaneMath.Select(mask._vector, then._vector, otherwise._vector));

    [MethodImpl(Inline)]
    public static SingleLane Abs(SingleLane a) => new(Vector256.Abs(a._vector));

    // a is kept unless b is larger, so that a NaN in the first operand survives.
    [MethodImpl(Inline)]
    public static SingleLane Max(SingleLane a, SingleLane b) =>
        new(LaneMath.Larger(b._vector, a._vector));

    [MethodImpl(Inline)]
    public static SingleLane Min(SingleLane a, SingleLane b) =>
        new(LaneMath.Smaller(b._vector, a._vector));

    [MethodImpl(Inline)]
    public static SingleLane Hinge(SingleLane a, double tie) =>
        new(LaneMath.Larger(Vector256<float>.Zero, a._vector));

    [MethodImpl(Inline)]
    public static SingleLane ZeroTimes(SingleLane a, SingleLane b) =>
        new(Vector256.AndNot(a._vector * b._vector, Vector256.Equals(a._vector, Vector256<float>.Zero)));

    [MethodImpl(Inline)]
    public static SingleLane Stop(SingleLane a) => a;

    [MethodImpl(Inline)]
    public static SingleLane WithSlope(SingleLane value, SingleLane x, SingleLane derivative) => value;

    [MethodImpl(Inline)]
    public static SingleLane Sqrt(SingleLane a) => new(Vector256.Sqrt(a._vector));

    [MethodImpl(Inline)]
    public static SingleLane Exp(SingleLane a) => new(LaneMath.Exp(a._vector));

    [MethodImpl(Inline)]
    public static SingleLane Expm1(SingleLane a) => new(LaneMath.Expm1(a._vector));

    [MethodImpl(Inline)]
    public static SingleLane Log(SingleLane a) => new(LaneMath.Log(a._vector));

    [MethodImpl(Inline)]
    public static SingleLane Log1p(SingleLane a) => new(LaneMath.Log1p(a._vector));

    [MethodImpl(Inline)]
    public static SingleLane Pow(SingleLane a, double exponent) => new(LaneMath.Pow(a._vector, exponent));

    [MethodImpl(Inline)]
    public static SingleLane Atan2(SingleLane y, SingleLane x)
    {
        SingleLane angle = new(LaneMath.Atan((y / x)._vector));
        SingleLane turned = angle + Select(y < 0, -Math.PI, Math.PI);
        return Select(Same(Abs(x) + Abs(y), 0), 0, Select(x < 0, turned, angle));
    }

    [MethodImpl(Inline)]
    public static Logistic<SingleLane> Logistic(SingleLane a)
    {
        LaneMath.Logistic(a._vector, out Vector256<float> softplus, out Vector256<float> softplusOfMinus,
            out Vector256<float> sigmoid, out Vector256<float> sigmoidOfMinus);
        return new(new(softplus), new(softplusOfMinus), new(sigmoid), new(sigmoidOfMinus));
    }

    [MethodImpl(Inline)]
    public static SingleLane Softplus(SingleLane a) => new(LaneMath.SoftplusAlone(a._vector));

    [MethodImpl(Inline)]
    public static SingleLane SoftplusOfExp(SingleLane e, out SingleLane large, out SingleLane small)
    {
        Vector256<float> softplus = LaneMath.SoftplusOfExp(
            e._vector, out Vector256<float> nearOne, out Vector256<float> nearZero);
        large = new(nearOne);
        small = new(nearZero);
        return new(softplus);
    }

    [MethodImpl(Inline)]
    public static SingleLane NegateWhere(SingleLane mask, SingleLane a) =>
        new(a._vector ^ (mask._vector & Vector256.Create(-0f)));
}

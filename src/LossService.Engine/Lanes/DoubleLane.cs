using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace LossService.Engine.Lanes;

/// <summary>A vector of doubles.</summary>
internal readonly struct DoubleLane(Vector256<double> vector) : IVectorLane<DoubleLane, double>
{
    private const MethodImplOptions Inline = MethodImplOptions.AggressiveInlining;

    private readonly Vector256<double> _vector = vector;

    public static int Count => Vector256<double>.Count;

    /// <summary>The machine's own vector.</summary>
    public Vector256<double> Vector => _vector;

    [MethodImpl(Inline)]
    public static DoubleLane All(double number) => new(Vector256.Create(number));

    [MethodImpl(Inline)]
    public static int Set(DoubleLane mask) => BitOperations.PopCount(mask._vector.ExtractMostSignificantBits());

    [MethodImpl(Inline)]
    public static bool Any(DoubleLane mask) => mask._vector.ExtractMostSignificantBits() != 0;

    [MethodImpl(Inline)]
    public static DoubleLane MultiplyAdd(DoubleLane a, DoubleLane b, DoubleLane c) =>
        new(Vector256.FusedMultiplyAdd(a._vector, b._vector, c._vector));

    [MethodImpl(Inline)]
    public static DoubleLane Load(ref readonly double origin, nint offset) =>
        new(Vector256.LoadUnsafe(in origin, (nuint)offset));

    [MethodImpl(Inline)]
    public static void Store(DoubleLane value, ref double origin, nint offset) =>
        value._vector.StoreUnsafe(ref origin, (nuint)offset);

    [MethodImpl(Inline)]
    public static DoubleLane ExpNonPositive(DoubleLane a) => new(LaneMath.ExpNonPositive(a._vector));

    [MethodImpl(Inline)]
    public static implicit operator DoubleLane(double constant) => new(Vector256.Create((double)constant));

    [MethodImpl(Inline)]
    public static DoubleLane operator +(DoubleLane a, DoubleLane b) => new(a._vector + b._vector);

    [MethodImpl(Inline)]
    public static DoubleLane operator -(DoubleLane a, DoubleLane b) => new(a._vector - b._vector);

    [MethodImpl(Inline)]
    public static DoubleLane operator -(DoubleLane a) => new(-a._vector);

    [MethodImpl(Inline)]
    public static DoubleLane operator *(DoubleLane a, DoubleLane b) => new(a._vector * b._vector);

    [MethodImpl(Inline)]
    public static DoubleLane operator *(double k, DoubleLane a) => new(Vector256.Create((double)k) * a._vector);

    [MethodImpl(Inline)]
    public static DoubleLane operator /(DoubleLane a, DoubleLane b) => new(a._vector / b._vector);

    [MethodImpl(Inline)]
    public static DoubleLane operator >(DoubleLane a, DoubleLane b) => new(Vector256.GreaterThan(a._vector, b._vector));

    [MethodImpl(Inline)]
    public static DoubleLane operator <(DoubleLane a, DoubleLane b) => new(Vector256.LessThan(a._vector, b._vector));

    [MethodImpl(Inline)]
    public static DoubleLane Same(DoubleLane a, DoubleLane b) => new(Vector256.Equals(a._vector, b._vector));

    [MethodImpl(Inline)]
    public static DoubleLane Select(DoubleLane mask, DoubleLane then, DoubleLane otherwise) =>
        new(LaneMath.Select(mask._vector, then._vector, otherwise._vector));

    [MethodImpl(Inline)]
    public static DoubleLane Abs(DoubleLane a) => new(Vector256.Abs(a._vector));

    // a is kept unless b is larger, so that a NaN in the first operand survives.
    [MethodImpl(Inline)]
    public static DoubleLane Max(DoubleLane a, DoubleLane b) =>
        new(LaneMath.Larger(b._vector, a._vector));

    [MethodImpl(Inline)]
    public static DoubleLane Min(DoubleLane a, DoubleLane b) =>
        new(LaneMath.Smaller(b._vector, a._vector));

    [MethodImpl(Inline)]
    public static DoubleLane Hinge(DoubleLane a, double tie) =>
        new(LaneMath.Larger(Vector256<double>.Zero, a._vector));

    [MethodImpl(Inline)]
    public static DoubleLane ZeroTimes(DoubleLane a, DoubleLane b) =>
        new(Vector256.AndNot(a._vector * b._vector, Vector256.Equals(a._vector, Vector256<double>.Zero)));

    [MethodImpl(Inline)]
    public static DoubleLane Stop(DoubleLane a) => a;

    [MethodImpl(Inline)]
    public static DoubleLane WithSlope(DoubleLane value, DoubleLane x, DoubleLane derivative) => value;

    [MethodImpl(Inline)]
    public static DoubleLane Sqrt(DoubleLane a) => new(Vector256.Sqrt(a._vector));

    [MethodImpl(Inline)]
    public static DoubleLane Exp(DoubleLane a) => new(LaneMath.Exp(a._vector));

    [MethodImpl(Inline)]
    public static DoubleLane Expm1(DoubleLane a) => new(LaneMath.Expm1(a._vector));

    [MethodImpl(Inline)]
    public static DoubleLane Log(DoubleLane a) => new(LaneMath.Log(a._vector));

    [MethodImpl(Inline)]
    public static DoubleLane Log1p(DoubleLane a) => new(LaneMath.Log1p(a._vector));

    [MethodImpl(Inline)]
    public static DoubleLane Pow(DoubleLane a, double exponent) => new(LaneMath.Pow(a._vector, exponent));

    [MethodImpl(Inline)]
    public static DoubleLane Atan2(DoubleLane y, DoubleLane x)
    {
        DoubleLane angle = new(LaneMath.Atan((y / x)._vector));
        DoubleLane turned = angle + Select(y < 0, -Math.PI, Math.PI);
        return Select(Same(Abs(x) + Abs(y), 0), 0, Select(x < 0, turned, angle));
    }

    [MethodImpl(Inline)]
    public static Logistic<DoubleLane> Logistic(DoubleLane a)
    {
        LaneMath.Logistic(a._vector, out Vector256<double> softplus, out Vector256<double> softplusOfMinus,
            out Vector256<double> sigmoid, out Vector256<double> sigmoidOfMinus);
        return new(new(softplus), new(softplusOfMinus), new(sigmoid), new(sigmoidOfMinus));
    }

    [MethodImpl(Inline)]
    public static DoubleLane SoftplusOfExp(DoubleLane e, out DoubleLane large, out DoubleLane small)
    {
        Vector256<double> softplus = LaneMath.SoftplusOfExp(
            e._vector, out Vector256<double> nearOne, out Vector256<double> nearZero);
        large = new(nearOne);
        small = new(nearZero);
        return new(softplus);
    }

    [MethodImpl(Inline)]
    public static DoubleLane NegateWhere(DoubleLane mask, DoubleLane a) =>
        new(a._vector ^ (mask._vector & Vector256.Create(-0d)));
}

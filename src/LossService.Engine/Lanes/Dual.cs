using System.Runtime.CompilerServices;

namespace LossService.Engine.Lanes;

/// <summary>A value and its derivative carried together, so that a formula over lanes yields its own gradient; a dual
/// of duals yields the second derivative.</summary>
/// <remarks>Forward-mode differentiation (Wengert, 1964). At a kink the rule is the one the operation states. A
/// derivative that is infinite times a slope that is 0 counts as 0: what does not depend on the variable has no
/// gradient.</remarks>
internal readonly struct Dual<V>(V value, V slope) : ILane<Dual<V>>
    where V : struct, ILane<V>
{
    private const MethodImplOptions Inline = MethodImplOptions.AggressiveInlining;

    private readonly V _value = value;
    private readonly V _slope = slope;

    public V Value => _value;

    public V Slope => _slope;

    [MethodImpl(Inline)]
    public static implicit operator Dual<V>(double constant) => new(constant, 0);

    [MethodImpl(Inline)]
    public static Dual<V> operator +(Dual<V> a, Dual<V> b) => new(a._value + b._value, a._slope + b._slope);

    [MethodImpl(Inline)]
    public static Dual<V> operator -(Dual<V> a, Dual<V> b) => new(a._value - b._value, a._slope - b._slope);

    [MethodImpl(Inline)]
    public static Dual<V> operator -(Dual<V> a) => new(-a._value, -a._slope);

    [MethodImpl(Inline)]
    public static Dual<V> operator *(Dual<V> a, Dual<V> b) =>
        new(a._value * b._value, (a._slope * b._value) + (a._value * b._slope));

    [MethodImpl(Inline)]
    public static Dual<V> operator *(double k, Dual<V> a) => new(k * a._value, k * a._slope);

    [MethodImpl(Inline)]
    public static Dual<V> operator /(Dual<V> a, Dual<V> b)
    {
        V quotient = a._value / b._value;
        return new(quotient, (a._slope - V.ZeroTimes(b._slope, quotient)) / b._value);
    }

    [MethodImpl(Inline)]
    public static Dual<V> MultiplyAdd(Dual<V> a, Dual<V> b, Dual<V> c) => new(
        V.MultiplyAdd(a._value, b._value, c._value),
        V.MultiplyAdd(a._slope, b._value, V.MultiplyAdd(a._value, b._slope, c._slope)));

    // A mask has no derivative; only its value is looked at.
    [MethodImpl(Inline)]
    public static Dual<V> operator >(Dual<V> a, Dual<V> b) => new(a._value > b._value, default);

    [MethodImpl(Inline)]
    public static Dual<V> operator <(Dual<V> a, Dual<V> b) => new(a._value < b._value, default);

    [MethodImpl(Inline)]
    public static Dual<V> Same(Dual<V> a, Dual<V> b) => new(V.Same(a._value, b._value), default);

    [MethodImpl(Inline)]
    public static Dual<V> Select(Dual<V> mask, Dual<V> then, Dual<V> otherwise) => new(
        V.Select(mask._value, then._value, otherwise._value), V.Select(mask._value, then._slope, otherwise._slope));

    [MethodImpl(Inline)]
    public static Dual<V> Abs(Dual<V> a) => new(
        V.Abs(a._value),
        V.Select(
            a._value > 0,
            a._slope,
            V.Select(a._value < 0, -a._slope, V.Select(V.Same(a._value, 0), 0, a._value))));

    [MethodImpl(Inline)]
    public static Dual<V> Max(Dual<V> a, Dual<V> b) =>
        Extreme(a, b, V.Max(a._value, b._value), a._value < b._value);

    [MethodImpl(Inline)]
    public static Dual<V> Min(Dual<V> a, Dual<V> b) =>
        Extreme(a, b, V.Min(a._value, b._value), a._value > b._value);

    [MethodImpl(Inline)]
    public static Dual<V> Hinge(Dual<V> a, double tie) => new(
        V.Hinge(a._value, tie),
        V.Select(V.Same(a._value, 0), tie * a._slope, V.Select(a._value < 0, 0, a._slope)));

    // Where a is 0 the second product is dropped: the infinite slope of a logarithm there belongs to a term that is 0.
    [MethodImpl(Inline)]
    public static Dual<V> ZeroTimes(Dual<V> a, Dual<V> b) => new(
        V.ZeroTimes(a._value, b._value),
        V.ZeroTimes(a._slope, b._value) + V.ZeroTimes(a._value, b._slope));

    [MethodImpl(Inline)]
    public static Dual<V> Stop(Dual<V> a) => new(V.Stop(a._value), 0);

    [MethodImpl(Inline)]
    public static Dual<V> WithSlope(Dual<V> value, Dual<V> x, Dual<V> derivative) => new(
        V.WithSlope(value._value, x._value, derivative._value),
        value._slope + V.ZeroTimes(x._slope, derivative._value));

    [MethodImpl(Inline)]
    public static Dual<V> Sqrt(Dual<V> a)
    {
        V root = V.Sqrt(a._value);
        return new(root, V.ZeroTimes(a._slope, 0.5 / root));
    }

    [MethodImpl(Inline)]
    public static Dual<V> Exp(Dual<V> a)
    {
        V power = V.Exp(a._value);
        return new(power, V.ZeroTimes(a._slope, power));
    }

    [MethodImpl(Inline)]
    public static Dual<V> Expm1(Dual<V> a) => new(V.Expm1(a._value), V.ZeroTimes(a._slope, V.Exp(a._value)));

    [MethodImpl(Inline)]
    public static Dual<V> Log(Dual<V> a) => new(V.Log(a._value), V.ZeroTimes(a._slope, 1.0 / a._value));

    [MethodImpl(Inline)]
    public static Dual<V> Log1p(Dual<V> a) => new(V.Log1p(a._value), V.ZeroTimes(a._slope, 1.0 / (1.0 + a._value)));

    // The slope is exponent * power * (slope / value): the ratio stays moderate where a^(exponent - 1) would overflow,
    // and both are 0 together.
    [MethodImpl(Inline)]
    public static Dual<V> Pow(Dual<V> a, double exponent)
    {
        if (exponent == 0)
        {
            return 1;
        }

        if (exponent == 1)
        {
            return a;
        }

        if (exponent == 2)
        {
            return a * a;
        }

        V power = V.Pow(a._value, exponent);
        V ratio = V.Select(V.Same(a._value, 0), 0, a._slope / a._value);
        return new(power, V.ZeroTimes(ratio, exponent * power));
    }

    [MethodImpl(Inline)]
    public static Dual<V> Atan2(Dual<V> y, Dual<V> x)
    {
        V square = (x._value * x._value) + (y._value * y._value);
        V turn = ((x._value * y._slope) - (y._value * x._slope)) / square;
        return new(V.Atan2(y._value, x._value), V.Select(V.Same(square, 0), 0, turn));
    }

    [MethodImpl(Inline)]
    public static Logistic<Dual<V>> Logistic(Dual<V> a)
    {
        Logistic<V> at = V.Logistic(a._value);
        V rise = at.Sigmoid * at.SigmoidOfMinus * a._slope;
        return new(
            new(at.Softplus, at.Sigmoid * a._slope),
            new(at.SoftplusOfMinus, -(at.SigmoidOfMinus * a._slope)),
            new(at.Sigmoid, rise),
            new(at.SigmoidOfMinus, -rise));
    }

    [MethodImpl(Inline)]
    public static Dual<V> Softplus(Dual<V> a) => new(V.Softplus(a._value), V.Logistic(a._value).Sigmoid * a._slope);

    // The value is the inner lane's own extreme, so that a dual of duals halves the slopes of a tie as a dual does.
    [MethodImpl(Inline)]
    private static Dual<V> Extreme(Dual<V> a, Dual<V> b, V value, V takesSecond) => new(
        value,
        V.Select(
            V.Same(a._value, b._value),
            0.5 * (a._slope + b._slope),
            V.Select(takesSecond, b._slope, a._slope)));
}

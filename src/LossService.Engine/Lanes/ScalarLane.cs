using System.Runtime.CompilerServices;

namespace LossService.Engine.Lanes;

/// <summary>One double, for counts and rare paths; the elementary functions are the vector's own.</summary>
internal readonly struct ScalarLane(double value) : ILane<ScalarLane>
{
    public double Value { get; } = value;

    private static ScalarLane True => BitConverter.UInt64BitsToDouble(ulong.MaxValue);

    public static implicit operator ScalarLane(double constant) => new(constant);

    public static ScalarLane operator +(ScalarLane a, ScalarLane b) => a.Value + b.Value;

    public static ScalarLane operator -(ScalarLane a, ScalarLane b) => a.Value - b.Value;

    public static ScalarLane operator -(ScalarLane a) => -a.Value;

    public static ScalarLane operator *(ScalarLane a, ScalarLane b) => a.Value * b.Value;

    public static ScalarLane operator *(double k, ScalarLane a) => k * a.Value;

    public static ScalarLane operator /(ScalarLane a, ScalarLane b) => a.Value / b.Value;

    public static ScalarLane MultiplyAdd(ScalarLane a, ScalarLane b, ScalarLane c) =>
        double.FusedMultiplyAdd(a.Value, b.Value, c.Value);

    public static ScalarLane operator >(ScalarLane a, ScalarLane b) => a.Value > b.Value ? True : 0;

    public static ScalarLane operator <(ScalarLane a, ScalarLane b) => a.Value < b.Value ? True : 0;

    public static ScalarLane Same(ScalarLane a, ScalarLane b) => a.Value == b.Value ? True : 0;

    public static ScalarLane Select(ScalarLane mask, ScalarLane then, ScalarLane otherwise) =>
        BitConverter.DoubleToUInt64Bits(mask.Value) == ulong.MaxValue ? then : otherwise;

    public static ScalarLane Abs(ScalarLane a) => Math.Abs(a.Value);

    public static ScalarLane Max(ScalarLane a, ScalarLane b) => a.Value < b.Value ? b : a;

    public static ScalarLane Min(ScalarLane a, ScalarLane b) => a.Value > b.Value ? b : a;

    public static ScalarLane Hinge(ScalarLane a, double tie) => a.Value < 0 ? 0 : a;

    public static ScalarLane ZeroTimes(ScalarLane a, ScalarLane b) => a.Value == 0 ? 0 : a.Value * b.Value;

    public static ScalarLane Stop(ScalarLane a) => a;

    public static ScalarLane WithSlope(ScalarLane value, ScalarLane x, ScalarLane derivative) => value;

    public static ScalarLane Sqrt(ScalarLane a) => Math.Sqrt(a.Value);

    public static ScalarLane Exp(ScalarLane a) => First(DoubleLane.Exp(a.Value));

    public static ScalarLane Expm1(ScalarLane a) => First(DoubleLane.Expm1(a.Value));

    public static ScalarLane Log(ScalarLane a) => First(DoubleLane.Log(a.Value));

    public static ScalarLane Log1p(ScalarLane a) => First(DoubleLane.Log1p(a.Value));

    public static ScalarLane Pow(ScalarLane a, double exponent) => First(DoubleLane.Pow(a.Value, exponent));

    public static ScalarLane Atan2(ScalarLane y, ScalarLane x) => First(DoubleLane.Atan2(y.Value, x.Value));

    public static Logistic<ScalarLane> Logistic(ScalarLane a)
    {
        Logistic<DoubleLane> at = DoubleLane.Logistic(a.Value);
        return new(First(at.Softplus), First(at.SoftplusOfMinus), First(at.Sigmoid), First(at.SigmoidOfMinus));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ScalarLane First(DoubleLane lane) => lane.Vector[0];
}

namespace LossService.Engine.Lanes;

/// <summary>A handful of numbers that a formula treats as one: a machine vector, or a vector with its
/// derivative.</summary>
/// <remarks>A loss is written once over a lane. Comparisons give a mask, which only <see cref="Select"/> understands.
/// Every operation is IEEE exact or one of ours, so that results have the same bits on every machine.</remarks>
internal interface ILane<V> where V : struct, ILane<V>
{
    static abstract implicit operator V(double constant);

    /// <summary>The constant as a lane, where the compiler does not see the conversion.</summary>
    static virtual V Of(double constant) => constant;

    static abstract V operator +(V a, V b);

    static abstract V operator -(V a, V b);

    static abstract V operator -(V a);

    static abstract V operator *(V a, V b);

    /// <summary>The product with a constant, which scales a derivative and adds none.</summary>
    static abstract V operator *(double k, V a);

    static abstract V operator /(V a, V b);

    /// <summary>a · b + c, rounded once.</summary>
    static abstract V MultiplyAdd(V a, V b, V c);

    static abstract V operator >(V a, V b);

    static abstract V operator <(V a, V b);

    /// <summary>The mask of equal numbers.</summary>
    static abstract V Same(V a, V b);

    /// <summary>Where the mask is set the first value, elsewhere the second; never a blend of the two.</summary>
    static abstract V Select(V mask, V then, V otherwise);

    /// <summary>The magnitude; its slope at 0 is 0.</summary>
    static abstract V Abs(V a);

    /// <summary>The larger; at a tie the slope is the mean of both.</summary>
    static abstract V Max(V a, V b);

    /// <summary>The smaller; at a tie the slope is the mean of both.</summary>
    static abstract V Min(V a, V b);

    /// <summary>max(a, 0), with slope <paramref name="tie"/> at a = 0 exactly.</summary>
    static abstract V Hinge(V a, double tie);

    /// <summary>The product, but 0 where <paramref name="a"/> is 0, whatever <paramref name="b"/> is: 0 · log
    /// 0.</summary>
    static abstract V ZeroTimes(V a, V b);

    /// <summary>The value without its derivative.</summary>
    static abstract V Stop(V a);

    /// <summary>The value as it is, but with <paramref name="derivative"/> as what it owes to <paramref name="x"/>: for
    /// formulas that clamp a value and its gradient differently.</summary>
    static abstract V WithSlope(V value, V x, V derivative);

    static abstract V Sqrt(V a);

    static abstract V Exp(V a);

    /// <summary>e^a - 1, without the cancellation near a = 0.</summary>
    static abstract V Expm1(V a);

    static abstract V Log(V a);

    static abstract V Log1p(V a);

    /// <summary>a to a constant power, a not negative; its slope at a = 0 is 0 for every power but 1.</summary>
    static abstract V Pow(V a, double exponent);

    /// <summary>The angle of the point (x, y), from -π to π; 0, without slope, at the origin.</summary>
    static abstract V Atan2(V y, V x);

    /// <summary>The sigmoid and the softplus of a and of -a, from one exponential.</summary>
    static abstract Logistic<V> Logistic(V a);

    /// <summary>The softplus of a; in float with a smaller error than that of <see cref="Logistic"/> in more operations,
    /// for a loss that is nothing else.</summary>
    static virtual V Softplus(V a) => V.Logistic(a).Softplus;

    /// <summary>e^a for a not above 0 in fewer operations; a float's last bit may be another than that of
    /// Exp.</summary>
    static virtual V ExpNonPositive(V a) => V.Exp(a);

    /// <summary>What <see cref="Logistic"/> makes of e = e^-|x|: softplus(-|x|), the sigmoid of |x| as
    /// <paramref name="large"/>, of -|x| as <paramref name="small"/>.</summary>
    static virtual V SoftplusOfExp(V e, out V large, out V small)
    {
        large = 1.0 / (1.0 + e);
        small = e / (1.0 + e);
        return V.Log1p(e);
    }

    /// <summary>The number with its sign changed where the mask is set.</summary>
    static virtual V NegateWhere(V mask, V a) => V.Select(mask, -a, a);
}

/// <summary>What one exponential gives: the sigmoid and the softplus of x and of -x, each accurate in both
/// tails.</summary>
/// <param name="Softplus">log(1 + e^x).</param>
/// <param name="SoftplusOfMinus">log(1 + e^-x).</param>
/// <param name="Sigmoid">1 / (1 + e^-x).</param>
/// <param name="SigmoidOfMinus">1 / (1 + e^x), which is 1 - Sigmoid without its cancellation.</param>
internal readonly record struct Logistic<V>(V Softplus, V SoftplusOfMinus, V Sigmoid, V SigmoidOfMinus);

/// <summary>A lane that stands in memory.</summary>
internal interface IVectorLane<V, T> : ILane<V>
    where V : struct, IVectorLane<V, T>
    where T : unmanaged
{
    /// <summary>How many numbers it holds.</summary>
    static abstract int Count { get; }

    /// <summary>The same number everywhere.</summary>
    static abstract V All(T number);

    /// <summary>How often a mask is set.</summary>
    static abstract int Set(V mask);

    /// <summary>True when a mask is set anywhere.</summary>
    static abstract bool Any(V mask);

    /// <summary>Reads <see cref="Count"/> numbers from <paramref name="origin"/> + <paramref name="offset"/>.</summary>
    static abstract V Load(ref readonly T origin, nint offset);

    /// <summary>Writes <see cref="Count"/> numbers.</summary>
    static abstract void Store(V value, ref T origin, nint offset);
}

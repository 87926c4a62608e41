using System.Runtime.CompilerServices;
using LossService.Engine.Cards;
using LossService.Engine.Lanes;

namespace LossService.Engine.Families;

/// <summary>How libraries keep the quotients of areas finite, and the overlap of two boxes with these habits.</summary>
/// <param name="eps">A small area.</param>
/// <param name="clamps">True where denominators are at least eps, false where eps is added to them.</param>
/// <param name="tie">The slope of an overlap's side where the boxes only touch.</param>
internal readonly struct BoxOverlap(double eps, bool clamps, double tie)
{
    /// <summary>Whether eps is added or a floor.</summary>
    public static Parameter EpsMode { get; } = Parameter.Choice(
        "eps_mode", ["add", "clamp"], "Whether eps is added to denominators (torchvision) or is their least value (mmdetection).");

    /// <summary>The small area, by the default of the library that defines a loss.</summary>
    public static Parameter EpsParameter(double @default) => Parameter.Number(
        "eps", @default, "Keeps the quotients of areas finite where boxes have none.", min: 0, minOpen: true);

    /// <summary>The area that both boxes cover, 0 where they are apart.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Common<V>(Box<V> a, Box<V> b) where V : struct, ILane<V>
    {
        Box<V> both = Box<V>.Between(a, b);
        return V.Hinge(both.Width, tie) * V.Hinge(both.Height, tie);
    }

    /// <summary>The area that at least one of them covers, as it is.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Union<V>(Box<V> a, Box<V> b, V common) where V : struct, ILane<V> => a.Area + b.Area - common;

    /// <summary>An area, or its floor, where it is the denominator of a quotient that <c>eps_mode</c> clamps.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Floored<V>(V area) where V : struct, ILane<V> => clamps ? V.Max(area, eps) : area;

    /// <summary>A floored area as a denominator.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Denominator<V>(V area) where V : struct, ILane<V> => clamps ? area : area + eps;

    /// <summary>Intersection over union.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Iou<V>(Box<V> a, Box<V> b) where V : struct, ILane<V>
    {
        V common = Common(a, b);
        return common / Denominator(Floored(Union(a, b, common)));
    }

    /// <summary>The squared distance of the centres over that of the corners of the box around both.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V CentreDistance<V>(Box<V> a, Box<V> b) where V : struct, ILane<V>
    {
        Box<V> around = Box<V>.Around(a, b);
        V diagonal = (around.Width * around.Width) + (around.Height * around.Height) + eps;
        V x = 0.5 * (a.X1 + a.X2 - b.X1 - b.X2);
        V y = 0.5 * (a.Y1 + a.Y2 - b.Y1 - b.Y2);
        return ((x * x) + (y * y)) / diagonal;
    }
}

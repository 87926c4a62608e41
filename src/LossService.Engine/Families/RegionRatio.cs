using System.Runtime.CompilerServices;
using LossService.Engine.Cards;
using LossService.Engine.Lanes;

namespace LossService.Engine.Families;

/// <summary>One minus a ratio of sums, 1 - N / (N + M) with what is missed M, and the habits of libraries that keep it
/// finite.</summary>
/// <param name="smooth">Added to numerator and denominator.</param>
/// <param name="eps">The least denominator, or what is added to it.</param>
/// <param name="adds">True where eps is added.</param>
/// <param name="logs">True for -log of the ratio.</param>
internal readonly struct RegionRatio(double smooth, double eps, bool adds, bool logs)
{
    public static Parameter EpsParameter { get; } = Parameter.Number(
        "eps", 1e-7, "Keeps the denominator from 0: its least value, or what is added to it.", min: 0, max: 1, minOpen: true);

    public static Parameter EpsMode { get; } = Parameter.Choice(
        "eps_mode", ["clamp", "add"], "Whether eps is the denominator's least value or is added to it.");

    public static Parameter Smooth { get; } = Parameter.Number(
        "smooth", 0, "Added to the numerator and to the denominator.", min: 0);

    public static RegionRatio Of(Settings settings) => new(
        settings[Smooth], settings[EpsParameter], settings.Word(EpsMode) == "add", settings.IsOn(RegionMembers.LogLoss));

    /// <summary>The same as 1 minus the ratio, whatever <c>log_loss</c> says, for losses that have none.</summary>
    public static RegionRatio Plain(Settings settings) => new(
        settings[Smooth], settings[EpsParameter], settings.Word(EpsMode) == "add", logs: false);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Loss<V>(V found, V missed) where V : struct, ILane<V>
    {
        V numerator = found + smooth;
        V sum = numerator + missed;
        V floored = V.Select(sum < eps, eps, sum);
        V score = numerator / (adds ? sum + eps : floored);
        V lost = adds ? (missed + eps) / (sum + eps)
            : V.Select(sum < eps, 1.0 - score, missed / floored);
        // The smaller of the two quotients keeps its digits, and so do its slopes.
        V loss = V.Select(lost < 0.5, lost, 1.0 - score);
        if (!logs)
        {
            return loss;
        }

        return V.Select(lost < 0.5, -V.Log1p(-V.Min(lost, 1 - eps)), -V.Log(V.Max(score, eps)));
    }
}

using LossService.Engine.Cards;

namespace LossService.Engine.Losses.Regression;

/// <summary>What losses of relative errors share.</summary>
internal static class PercentageParameters
{
    public static Parameter Eps { get; } = Parameter.Number(
        "eps", 1e-7, "What an error is divided by is at least this.", min: 0, minOpen: true);

    public static Parameter Percent { get; } = Parameter.Flag(
        "percent", true, "Multiplies by 100; false leaves the plain ratio.");

    /// <summary>100 or 1.</summary>
    public static double Scale(Settings settings) => settings.IsOn(Percent) ? 100 : 1;
}

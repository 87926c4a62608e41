using LossService.Engine.Cards;
using CardParameter = LossService.Engine.Cards.Parameter;

namespace LossService.Engine.Losses.Information;

/// <summary>The base of the logarithm that information is measured with.</summary>
internal static class LogBase
{
    public static CardParameter Parameter { get; } = CardParameter.Choice(
        "base", ["e", "2", "10"], "The base of the logarithm: e gives nats, 2 bits, 10 hartleys.");

    /// <summary>One over the natural logarithm of the base.</summary>
    public static double Scale(Settings settings) => settings.Word(Parameter) switch
    {
        "2" => 1.4426950408889634074, // 1 / ln 2
        "10" => 0.43429448190325182765, // 1 / ln 10
        _ => 1,
    };
}

using LossService.Engine.Cards;

namespace LossService.Api.Pages;

/// <summary>The words that stand on the wire for the enumerations of cards.</summary>
internal static class PageWords
{
    public static string Of(GradientRule rule) => rule switch
    {
        GradientRule.Default => "default",
        GradientRule.OnRequest => "on_request",
        _ => "never",
    };

    public static string Of(InputKind kind) => kind switch
    {
        InputKind.Label => "label",
        InputKind.Flag => "flag",
        InputKind.Length => "length",
        InputKind.Place => "place",
        _ => "number",
    };

    public static string Of(ParameterKind kind) => kind switch
    {
        ParameterKind.Integer => "integer",
        ParameterKind.Flag => "flag",
        ParameterKind.Choice => "choice",
        _ => "number",
    };

    public static string Of(Cost cost) => cost switch
    {
        Cost.Sorting => "sorting",
        Cost.Quadratic => "quadratic",
        _ => "linear",
    };

    /// <summary>A bound, or null where there is none.</summary>
    public static double? Finite(double bound) => double.IsFinite(bound) ? bound : null;
}

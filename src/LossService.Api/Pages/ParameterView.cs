using System.Text.Json.Nodes;
using LossService.Engine.Cards;

namespace LossService.Api.Pages;

/// <summary>One scalar that a loss takes.</summary>
/// <param name="Name">The member's name.</param>
/// <param name="Meaning">What it does.</param>
/// <param name="Type">number, integer, flag or choice.</param>
/// <param name="Default">Its value when the request says nothing; absent when that is null.</param>
/// <param name="Min">The least value.</param>
/// <param name="MinOpen">True when the least value itself is refused.</param>
/// <param name="Max">The greatest value.</param>
/// <param name="MaxOpen">True when the greatest value itself is refused.</param>
/// <param name="Choices">The words of a choice.</param>
/// <param name="Nullable">True when null is a value.</param>
public sealed record ParameterView(
    string Name, string Meaning, string Type, JsonNode? Default, double? Min, bool? MinOpen, double? Max,
    bool? MaxOpen, IReadOnlyList<string>? Choices, bool Nullable)
{
    internal static ParameterView Of(Parameter parameter)
    {
        bool isNumber = parameter.Kind is ParameterKind.Number or ParameterKind.Integer;
        return new(
            parameter.Name, parameter.Meaning, PageWords.Of(parameter.Kind), ValueOf(parameter),
            isNumber ? PageWords.Finite(parameter.Min) : null, parameter.MinOpen ? true : null,
            isNumber ? PageWords.Finite(parameter.Max) : null, parameter.MaxOpen ? true : null,
            parameter.Kind == ParameterKind.Choice ? parameter.Words : null, parameter.Nullable);
    }

    /// <summary>A parameter's default as JSON.</summary>
    internal static JsonNode? ValueOf(Parameter parameter) =>
        double.IsNaN(parameter.Default) ? null : parameter.Kind switch
        {
            ParameterKind.Flag => JsonValue.Create(parameter.Default == 1),
            ParameterKind.Choice => JsonValue.Create(parameter.Words[(int)parameter.Default]),
            ParameterKind.Integer => JsonValue.Create((long)parameter.Default),
            _ => JsonValue.Create(parameter.Default),
        };
}

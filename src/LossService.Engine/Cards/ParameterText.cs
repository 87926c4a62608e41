using System.Globalization;

namespace LossService.Engine.Cards;

/// <summary>Parameters as words: in presets, query strings and metadata.</summary>
public static class ParameterText
{
    /// <summary>The value a word stands for, or positive infinity, which no parameter allows, when it stands for
    /// none.</summary>
    public static double Parse(Parameter parameter, string text)
    {
        ArgumentNullException.ThrowIfNull(parameter);
        if (text == "null" && !parameter.Words.Contains(text))
        {
            return double.NaN;
        }

        switch (parameter.Kind)
        {
            case ParameterKind.Flag:
                return text switch
                {
                    "true" => 1,
                    "false" => 0,
                    _ => double.PositiveInfinity,
                };
            case ParameterKind.Choice:
                double place = parameter.ValueOf(text);
                return double.IsNaN(place) ? double.PositiveInfinity : place;
            default:
                return double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double value)
                    && !double.IsNaN(value) ? value : double.PositiveInfinity;
        }
    }

    /// <summary>A value as a request would write it.</summary>
    public static string Format(Parameter parameter, double value)
    {
        ArgumentNullException.ThrowIfNull(parameter);
        if (double.IsNaN(value))
        {
            return "null";
        }

        return parameter.Kind switch
        {
            ParameterKind.Flag => value == 1 ? "true" : "false",
            ParameterKind.Choice when parameter.Allows(value) => parameter.Words[(int)value],
            _ => value.ToString("R", CultureInfo.InvariantCulture),
        };
    }
}

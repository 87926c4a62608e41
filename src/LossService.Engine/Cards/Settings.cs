using LossService.Engine.Numerics;

namespace LossService.Engine.Cards;

/// <summary>The settled, validated scalars of one request, as a loss reads them when it is configured.</summary>
public readonly struct Settings(LossRequest request)
{
    /// <summary>The slope at a hinge's corner that the request chose: 0, 1 or a half.</summary>
    public double Tie => request[Common.Tie] switch
    {
        1 => 1,
        2 => 0.5,
        _ => 0,
    };

    /// <summary>True when the items become a mean.</summary>
    public bool IsMean => request.Reduction == Reduction.Mean;

    /// <summary>A number; NaN for null.</summary>
    public double this[Parameter parameter] => request[parameter];

    /// <summary>A flag.</summary>
    public bool IsOn(Parameter parameter) => request[parameter] == 1;

    /// <summary>The word of a choice; null for none.</summary>
    public string? Word(Parameter parameter)
    {
        ArgumentNullException.ThrowIfNull(parameter);
        double value = request[parameter];
        return double.IsNaN(value) ? null : parameter.Words[(int)value];
    }

    /// <summary>True when the request, or its preset, gave this parameter.</summary>
    public bool IsGiven(Parameter parameter) => request.IsGiven(parameter);

    /// <summary>True when the request gave an input of this name.</summary>
    public bool Has(string input) => request.HasInput(request.Card.PlaceOfInput(input));
}

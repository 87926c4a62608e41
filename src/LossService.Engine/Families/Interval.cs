using LossService.Engine.Cards;

namespace LossService.Engine.Families;

/// <summary>The distances from one to another, both included.</summary>
internal readonly record struct Interval(double Low, double High)
{
    /// <summary>Any distance.</summary>
    public static Interval Any { get; } = new(double.NegativeInfinity, double.PositiveInfinity);

    /// <summary>What a request allows, null for no bound; with a sign of -1 of similarities, whose distances are minus
    /// them.</summary>
    public static Interval Of(Settings settings, Parameter low, Parameter high, double sign)
    {
        double least = double.IsNaN(settings[low]) ? double.NegativeInfinity : settings[low];
        double most = double.IsNaN(settings[high]) ? double.PositiveInfinity : settings[high];
        return sign < 0 ? new(-most, -least) : new(least, most);
    }
}

using LossService.Engine.Cards;

namespace LossService.Api;

/// <summary>Which inputs a request cannot do without.</summary>
internal static class Requirements
{
    /// <summary>True when the input must always be given, whatever else is.</summary>
    public static bool IsRequired(LossCard card, Input input) =>
        !input.Optional && input.Beside is null && (input.OneOf is null || SetOf(card, input.OneOf).Count == 1);

    /// <summary>The inputs of which exactly one is given.</summary>
    public static List<Input> SetOf(LossCard card, string oneOf)
    {
        var set = new List<Input>();
        foreach (Input input in card.Inputs)
        {
            if (input.OneOf == oneOf)
            {
                set.Add(input);
            }
        }

        return set;
    }
}

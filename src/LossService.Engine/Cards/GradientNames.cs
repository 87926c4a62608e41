using System.Numerics;

namespace LossService.Engine.Cards;

/// <summary>The inputs that a request names in <c>gradients</c>, once their forms are known: what may be labels or
/// numbers has a gradient as numbers only.</summary>
internal static class GradientNames
{
    /// <summary>Adds a mistake for every one that was given as integers.</summary>
    /// <returns>True when there is none.</returns>
    public static bool Suit(LossRequest request, Solution solution)
    {
        bool suit = true;
        for (ulong left = request.Gradients ?? 0; left != 0; left &= left - 1)
        {
            int place = BitOperations.TrailingZeroCount(left);
            if (solution.Form(place) is not { IsInteger: true } form)
            {
                continue;
            }

            suit = false;
            string name = request.Card.InputAt(place).Name;
            request.Mistakes.Add(new(request.GradientsPointer, Codes.GradientNotAvailable,
                $"expected {name} as numbers, found integers of shape {form.Pattern}, which have no gradient")
            {
                Expected = $"{name} as numbers",
                Found = name,
            });
        }

        return suit;
    }
}

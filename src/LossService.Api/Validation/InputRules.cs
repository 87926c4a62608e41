using System.Numerics;
using FluentValidation;
using LossService.Engine;
using LossService.Engine.Cards;

namespace LossService.Api.Validation;

/// <summary>Which tensors must be there, and which of them have a gradient.</summary>
internal sealed class InputRules : AbstractValidator<LossRequest>
{
    public InputRules()
    {
        this.Add(RequiredInputsAreGiven);
        this.Add(OneOfEachSetIsGiven);
        this.Add(GradientsAreAvailable);
    }

    private static void RequiredInputsAreGiven(LossRequest request, ValidationContext<LossRequest> context)
    {
        for (int place = 0; place < request.Card.Inputs.Count; place++)
        {
            Input input = request.Card.Inputs[place];
            if (!input.Optional && input.OneOf is null && IsAbsent(request, place))
            {
                string expected = Shapes(input);
                context.Refuse(new($"/{input.Name}", Codes.MissingInput, $"expected {expected}: {input.Meaning}")
                {
                    Expected = expected,
                });
            }
        }
    }

    private static void OneOfEachSetIsGiven(LossRequest request, ValidationContext<LossRequest> context)
    {
        for (int place = 0; place < request.Card.Inputs.Count; place++)
        {
            Input first = request.Card.Inputs[place];
            if (first.OneOf is null || !IsFirstOfSet(request.Card, place))
            {
                continue;
            }

            var set = new List<string>();
            var given = new List<string>();
            bool isOptional = false;
            for (int other = place; other < request.Card.Inputs.Count; other++)
            {
                Input input = request.Card.Inputs[other];
                if (input.OneOf != first.OneOf)
                {
                    continue;
                }

                set.Add(input.Name);
                isOptional |= input.Optional;
                if (!IsAbsent(request, other))
                {
                    given.Add(input.Name);
                }
            }

            string expected = $"exactly one of {ParameterRange.Listed(set)}";
            if (given.Count == 0 && !isOptional)
            {
                context.Refuse(new($"/{first.Name}", Codes.MissingInput, $"expected {expected}") { Expected = expected });
            }
            else if (given.Count > 1)
            {
                string found = string.Join(" and ", given);
                context.Refuse(new($"/{given[1]}", Codes.OptionConflict, $"expected {expected}, found {found}")
                {
                    Expected = expected,
                    Found = found,
                });
            }
        }
    }

    private static void GradientsAreAvailable(LossRequest request, ValidationContext<LossRequest> context)
    {
        for (ulong left = request.Gradients ?? 0; left != 0; left &= left - 1)
        {
            int place = BitOperations.TrailingZeroCount(left);
            Input input = request.Card.InputAt(place);
            string? why = input.Gradient == GradientRule.Never ? "has no gradient"
                : IsAbsent(request, place) ? "was not given" : null;
            if (why is not null)
            {
                context.Refuse(new($"/{Common.GradientsName}", Codes.GradientNotAvailable, $"{input.Name} {why}")
                {
                    Found = input.Name,
                });
            }
        }
    }

    // An input that could not be read was given all the same, and its own mistake says so.
    private static bool IsAbsent(LossRequest request, int place) =>
        !request.HasInput(place) && !request.Mistakes.Has($"/{request.Card.InputAt(place).Name}");

    private static bool IsFirstOfSet(LossCard card, int place)
    {
        for (int before = 0; before < place; before++)
        {
            if (card.Inputs[before].OneOf == card.Inputs[place].OneOf)
            {
                return false;
            }
        }

        return true;
    }

    private static string Shapes(Input input) =>
        ParameterRange.Listed(input.Forms.Select(form => form.Pattern.ToString()).Distinct());
}

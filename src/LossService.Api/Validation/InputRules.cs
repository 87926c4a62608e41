using System.Numerics;
using FluentValidation;
using LossService.Engine;
using LossService.Engine.Cards;
using LossService.Wire;

namespace LossService.Api.Validation;

/// <summary>Which tensors must be there, and which of them have a gradient.</summary>
internal static class InputRules
{
    public static void AddInputRules(this AbstractValidator<LossRequest> validator) =>
        validator.Add(
            RequiredInputsAreGiven, OneOfEachSetIsGiven, CompanionsAreTogether, ChoicesAllowInputs,
            NeededInputsAreGiven, GradientsAreAvailable);

    private static void RequiredInputsAreGiven(LossRequest request, ValidationContext<LossRequest> context)
    {
        for (int place = 0; place < request.Card.Inputs.Count; place++)
        {
            Input input = request.Card.Inputs[place];
            if (IsAbsent(request, place) && Requirements.IsRequired(request.Card, input))
            {
                string expected = Shapes(input);
                context.Refuse($"/{input.Name}", Codes.MissingInput, $"expected {expected}: {input.Meaning}", expected);
            }
        }
    }

    private static void OneOfEachSetIsGiven(LossRequest request, ValidationContext<LossRequest> context)
    {
        for (int place = 0; place < request.Card.Inputs.Count; place++)
        {
            Input input = request.Card.Inputs[place];
            if (input.OneOf is not null && Requirements.SetOf(request.Card, input.OneOf) is { Count: > 1 } set
                && set[0] == input)
            {
                OneIsGiven(request, set, context);
            }
        }
    }

    private static void OneIsGiven(LossRequest request, List<Input> set, ValidationContext<LossRequest> context)
    {
        List<Input> given = set.FindAll(input => !IsAbsent(request, request.Card.PlaceOfInput(input.Name)));
        if (given.Count == 1 || (given.Count == 0 && set.Exists(input => input.Optional)))
        {
            return;
        }

        string count = set.Exists(input => input.Optional) ? "at most" : "exactly";
        string expected = $"{count} one of {ParameterRange.Listed(set.Select(input => input.Name))}";
        if (given.Count == 0)
        {
            context.Refuse($"/{set[0].Name}", Codes.MissingInput, $"expected {expected}", expected);
            return;
        }

        string found = string.Join(" and ", given.Select(input => input.Name));
        context.Refuse(
            $"/{given[1].Name}", Codes.OptionConflict, $"expected {expected}, found {found}", expected, found);
    }

    // Inputs that accompany another: refused without it, and needed beside it unless they are optional.
    private static void CompanionsAreTogether(LossRequest request, ValidationContext<LossRequest> context)
    {
        for (int place = 0; place < request.Card.Inputs.Count; place++)
        {
            Input input = request.Card.Inputs[place];
            if (input.Beside is not { } other)
            {
                continue;
            }

            bool isMeant = !IsAbsent(request, request.Card.PlaceOfInput(other));
            if (isMeant && !input.Optional && IsAbsent(request, place))
            {
                context.Refuse(
                    $"/{input.Name}", Codes.MissingInput, $"{other} needs {input.Name} beside it", Shapes(input));
            }
            else if (!isMeant && request.HasInput(place))
            {
                context.Refuse(
                    $"/{input.Name}", Codes.OptionConflict, $"{input.Name} counts only beside {other}",
                    $"{other}, or no {input.Name}", $"no {other}");
            }
        }
    }

    // Inputs that some words of a choice do not take in any form; of forms that are left the solver takes one.
    private static void ChoicesAllowInputs(LossRequest request, ValidationContext<LossRequest> context)
    {
        for (int place = 0; place < request.Card.Inputs.Count; place++)
        {
            Input input = request.Card.Inputs[place];
            if (!request.HasInput(place) || input.Forms[0].With is not { } with || IsAllowed(request, input))
            {
                continue;
            }

            string words = ParameterRange.Listed(with.Words);
            string found = ParameterText.Format(with.Parameter, request[with.Parameter]);
            context.Refuse(
                $"/{input.Name}", Codes.OptionConflict,
                $"{input.Name} goes with {with.Parameter.Name} {words}, found {found}",
                $"{with.Parameter.Name} {words}", $"{with.Parameter.Name} {found}");
        }
    }

    private static bool IsAllowed(LossRequest request, Input input)
    {
        bool allowed = false;
        foreach (InputForm form in input.Forms)
        {
            allowed |= form.With is not { } with || with.Allows(request[with.Parameter]);
        }

        return allowed;
    }

    // Inputs that belong to a parameter: needed when it is above 0, without a meaning otherwise.
    private static void NeededInputsAreGiven(LossRequest request, ValidationContext<LossRequest> context)
    {
        for (int place = 0; place < request.Card.Inputs.Count; place++)
        {
            Input input = request.Card.Inputs[place];
            if (input.NeededWith is not { } parameter)
            {
                continue;
            }

            bool isNeeded = request[parameter] > 0;
            if (isNeeded && IsAbsent(request, place))
            {
                context.Refuse(
                    $"/{input.Name}", Codes.MissingInput, $"{parameter.Name} above 0 needs {input.Name}", Shapes(input));
            }
            else if (!isNeeded && request.HasInput(place))
            {
                context.Refuse(
                    $"/{input.Name}", Codes.OptionConflict, $"{input.Name} counts only with {parameter.Name} above 0",
                    $"{parameter.Name} above 0, or no {input.Name}",
                    $"{parameter.Name} {ParameterText.Format(parameter, request[parameter])}");
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
                context.Refuse(
                    request.GradientsPointer, Codes.GradientNotAvailable, $"{input.Name} {why}", found: input.Name);
            }
        }
    }

    // An input that could not be read was given all the same, and its own mistake says so.
    private static bool IsAbsent(LossRequest request, int place) =>
        !request.HasInput(place) && !request.Mistakes.Has($"/{request.Card.InputAt(place).Name}");

    private static string Shapes(Input input) =>
        ParameterRange.Listed(input.Forms.Select(form => form.Pattern.ToString()).Distinct());
}

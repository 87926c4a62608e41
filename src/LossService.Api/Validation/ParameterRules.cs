using FluentValidation;
using LossService.Engine;
using LossService.Engine.Cards;
using LossService.Engine.Numerics;
using LossService.Wire;

namespace LossService.Api.Validation;

/// <summary>Values within their ranges, and words that this loss understands.</summary>
internal static class ParameterRules
{
    public static void AddParameterRules(this AbstractValidator<LossRequest> validator) =>
        validator.Add(
            AvgFactorDivides, ValuesAreInRange, WordsAreUnderstood, ChoicesGoTogether, AvgFactorNeedsNoSum,
            HessianOfGradientNeedsNoUpstream);

    private static void ValuesAreInRange(LossRequest request, ValidationContext<LossRequest> context)
    {
        int count = request.Card.Parameters.Count + Common.Parameters.Count;
        for (int place = 0; place < count; place++)
        {
            if (!request.IsGiven(place))
            {
                continue;
            }

            Parameter parameter = request.Card.ParameterAt(place);
            double value = request[parameter];
            if (!parameter.Allows(value))
            {
                context.Refuse(ParameterRange.Broken(
                    request.Card, parameter, request.PointerOf(parameter), ParameterText.Format(parameter, value)));
            }
        }
    }

    // batchmean, diagonal, a preset: words of common members that only some losses have.
    private static void WordsAreUnderstood(LossRequest request, ValidationContext<LossRequest> context)
    {
        int own = request.Card.Parameters.Count;
        for (int place = own; place < own + Common.Parameters.Count; place++)
        {
            Parameter parameter = request.Card.ParameterAt(place);
            double value = request[parameter];
            if (parameter.Kind == ParameterKind.Choice && request.IsGiven(place)
                && !double.IsNaN(value) && parameter.Allows(value))
            {
                WordIsUnderstood(request, parameter, parameter.Words[(int)value], context);
            }
        }
    }

    private static void WordIsUnderstood(
        LossRequest request, Parameter parameter, string found, ValidationContext<LossRequest> context)
    {
        if (CommonMembers.Understands(request.Card, parameter, found))
        {
            return;
        }

        string expected = ParameterRange.Text(request.Card, parameter);
        context.Refuse(
            request.PointerOf(parameter), Codes.OptionConflict,
            $"{request.Card.Name} takes {expected}, found {found}", expected, found);
    }

    private static void ChoicesGoTogether(LossRequest request, ValidationContext<LossRequest> context)
    {
        for (int i = 0; i < request.Card.Conflicts.Count; i++)
        {
            Conflict conflict = request.Card.Conflicts[i];
            (Parameter first, Parameter second) = (conflict.First.Parameter, conflict.Second.Parameter);
            if (!Has(request, conflict.First) || !Has(request, conflict.Second))
            {
                continue;
            }

            Parameter given = request.IsGiven(second) ? second : first;
            Parameter other = given == second ? first : second;
            string found = ParameterText.Format(given, request[given]);
            context.Refuse(
                request.PointerOf(given), Codes.OptionConflict,
                $"{given.Name} {found} does not go with {other.Name} {ParameterText.Format(other, request[other])}",
                $"another {given.Name}, or another {other.Name}", found);
        }
    }

    private static bool Has(LossRequest request, FormWith choice) =>
        !double.IsNaN(request[choice.Parameter]) && choice.Allows(request[choice.Parameter]);

    private static void AvgFactorNeedsNoSum(LossRequest request, ValidationContext<LossRequest> context)
    {
        if (!double.IsNaN(request[Common.AvgFactor]) && request.Reduction == Reduction.Sum)
        {
            context.Refuse(
                request.PointerOf(Common.AvgFactor), Codes.OptionConflict,
                "avg_factor divides a mean, and reduction is sum", "reduction mean or none", "sum");
        }
    }

    // A detector without positives has avg_factor 0, which mmdetection divides by all the same: the eps is left. Of two
    // mistakes of one code the first stays: this one, which knows the eps, and not the range on the card.
    private static void AvgFactorDivides(LossRequest request, ValidationContext<LossRequest> context)
    {
        if (request[Common.AvgFactor] <= 0 && request[Common.AvgFactorEps] == 0)
        {
            string found = ParameterText.Format(Common.AvgFactor, request[Common.AvgFactor]);
            context.Refuse(
                request.PointerOf(Common.AvgFactor), Codes.ParameterOutOfRange,
                $"avg_factor must be > 0 unless avg_factor_eps is, found {found}", "> 0, or null", found);
        }
    }

    // A Hessian that is made of the gradient would have the upstream gradient in it.
    private static void HessianOfGradientNeedsNoUpstream(
        LossRequest request, ValidationContext<LossRequest> context)
    {
        int upstream = request.Card.PlaceOfInput(Common.GradOutput.Name);
        if (HessianForm.Of(request) is { HasGradient: true } form && request.HasInput(upstream))
        {
            context.Refuse(
                $"/{Common.GradOutput.Name}", Codes.OptionConflict,
                $"hessian {form.Word} is made of the gradient itself, without grad_output",
                $"no {Common.GradOutput.Name}, or hessian diagonal", Common.GradOutput.Name);
        }
    }
}

using FluentValidation;
using LossService.Engine;
using LossService.Engine.Cards;

namespace LossService.Api.Validation;

/// <summary>Values within their ranges, and words that this loss understands.</summary>
internal sealed class ParameterRules : AbstractValidator<LossRequest>
{
    public ParameterRules()
    {
        this.Add(ValuesAreInRange);
        this.Add(BatchMeanExists);
        this.Add(HessianExists);
        this.Add(PresetExists);
        this.Add(TargetTypeExists);
    }

    private static void ValuesAreInRange(LossRequest request, ValidationContext<LossRequest> context)
    {
        int count = request.Card.Parameters.Count + Common.Parameters.Count;
        for (int place = 0; place < count; place++)
        {
            Parameter parameter = request.Card.ParameterAt(place);
            double value = request[parameter];
            if (request.IsGiven(place) && !parameter.Allows(value))
            {
                string pointer = request.PointerOf(parameter);
                if (!request.Mistakes.Has(pointer))
                {
                    context.Refuse(ParameterRange.Broken(parameter, pointer, ParameterText.Format(parameter, value)));
                }
            }
        }
    }

    private static void BatchMeanExists(LossRequest request, ValidationContext<LossRequest> context)
    {
        if (!request.Card.HasBatchMean)
        {
            RefuseWord(Common.Reduction, "batchmean", request, context);
            RefuseWord(Common.ReductionOverride, "batchmean", request, context);
        }
    }

    private static void HessianExists(LossRequest request, ValidationContext<LossRequest> context)
    {
        if (!request.Card.HasHessian && request[Common.Hessian] == 1)
        {
            context.Refuse(new(request.PointerOf(Common.Hessian), Codes.OptionConflict,
                $"{request.Card.Name} has no Hessian") { Expected = "none", Found = "diagonal" });
        }
    }

    private static void PresetExists(LossRequest request, ValidationContext<LossRequest> context)
    {
        if (Word(request, Common.Preset) is not { } found)
        {
            return;
        }

        foreach (Preset preset in request.Card.Presets)
        {
            if (preset.Name == found)
            {
                return;
            }
        }

        string expected = request.Card.Presets.Count == 0
            ? "no preset" : ParameterRange.Listed(request.Card.Presets.Select(preset => preset.Name));
        context.Refuse(new(request.PointerOf(Common.Preset), Codes.ParameterOutOfRange,
            $"expected {expected}, found {found}") { Expected = expected, Found = found });
    }

    private static void TargetTypeExists(LossRequest request, ValidationContext<LossRequest> context)
    {
        if (Word(request, Common.TargetType) is not { } found)
        {
            return;
        }

        IEnumerable<string> known = request.Card.Inputs
            .SelectMany(input => input.Forms).Select(form => form.TargetType).OfType<string>().Distinct();
        if (!known.Contains(found))
        {
            string expected = known.Any() ? ParameterRange.Listed(known) : "no target_type";
            context.Refuse(new(request.PointerOf(Common.TargetType), Codes.OptionConflict,
                $"expected {expected}, found {found}") { Expected = expected, Found = found });
        }
    }

    private static void RefuseWord(
        Parameter parameter, string word, LossRequest request, ValidationContext<LossRequest> context)
    {
        if (Word(request, parameter) == word)
        {
            string expected = ParameterRange.Listed(parameter.Words.Where(other => other != word));
            context.Refuse(new(request.PointerOf(parameter), Codes.ParameterOutOfRange,
                $"expected {expected}, found {word}") { Expected = expected, Found = word });
        }
    }

    // The word that stands for a choice's value; null when none was chosen, or something that is no word.
    private static string? Word(LossRequest request, Parameter choice)
    {
        double value = request[choice];
        return double.IsNaN(value) || !choice.Allows(value) ? null : choice.Words[(int)value];
    }
}

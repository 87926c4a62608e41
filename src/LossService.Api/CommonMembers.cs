using LossService.Engine.Cards;

namespace LossService.Api;

/// <summary>Which of the common members a loss understands; the others are refused, so no surface offers
/// them.</summary>
internal static class CommonMembers
{
    /// <summary>The common parameters of a loss, those that are choices with the words it understands.</summary>
    public static IEnumerable<Parameter> Of(LossCard card)
    {
        foreach (Parameter parameter in Common.Parameters)
        {
            string[] words = [.. parameter.Words.Where(word => Understands(card, parameter, word))];
            if (parameter.Kind != ParameterKind.Choice || words.Length == parameter.Words.Count)
            {
                yield return parameter;
            }
            else if (words.Length > 0 && !(words.Length == 1 && !parameter.Nullable))
            {
                yield return Parameter.Choice(parameter.Name, words, parameter.Meaning, nullable: parameter.Nullable);
            }
        }
    }

    /// <summary>The values of <c>target_type</c> that some form of an input has.</summary>
    public static IEnumerable<string> TargetTypes(LossCard card) =>
        card.Inputs.SelectMany(input => input.Forms).Select(form => form.TargetType).OfType<string>().Distinct();

    /// <summary>True when a loss takes this word for this common parameter.</summary>
    public static bool Understands(LossCard card, Parameter parameter, string word) => parameter.Name switch
    {
        "reduction" or "reduction_override" => word != "batchmean" || card.HasBatchMean,
        "hessian" => word == "none"
            || (card.HasHessian && (word == "diagonal" || card.HessianForms.Any(form => form.Word == word))),
        "target_type" => TargetTypes(card).Contains(word),
        "weight_normalization" => card.HasWeight,
        "preset" => card.Presets.Any(preset => preset.Name == word),
        _ => true,
    };
}

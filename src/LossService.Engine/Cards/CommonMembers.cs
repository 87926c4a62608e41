namespace LossService.Engine.Cards;

/// <summary>Which of the common members a loss understands; the others are refused, so no surface offers
/// them.</summary>
public static class CommonMembers
{
    /// <summary>The common parameters of a loss, those that are choices with the words it understands.</summary>
    public static IEnumerable<Parameter> Of(LossCard card)
    {
        foreach (Parameter parameter in Common.Parameters)
        {
            IReadOnlyList<string> words = WordsOf(card, parameter);
            if (words.Count == parameter.Words.Count)
            {
                yield return parameter;
            }
            else if (words.Count > 0 && !(words.Count == 1 && !parameter.Nullable))
            {
                yield return Parameter.Choice(parameter.Name, words, parameter.Meaning, nullable: parameter.Nullable);
            }
        }
    }

    /// <summary>The words that a loss takes for a parameter, its own or a common one; none for one that is no
    /// choice.</summary>
    public static IReadOnlyList<string> WordsOf(LossCard card, Parameter parameter)
    {
        ArgumentNullException.ThrowIfNull(card);
        ArgumentNullException.ThrowIfNull(parameter);
        return parameter.CommonPlace < 0 ? parameter.Words
            : [.. parameter.Words.Where(word => Understands(card, parameter, word))];
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

using System.Text;
using LossService.Api.Pages;
using LossService.Engine.Cards;
using LossService.Wire;

namespace LossService.Api.OpenApi;

/// <summary>A card as prose (CommonMark), for the page that people read.</summary>
internal static class LossText
{
    /// <summary>Formula, inputs, parameters, edges and references.</summary>
    public static string Of(LossCard card)
    {
        var text = new StringBuilder();
        text.Append("```latex\n").Append(card.Formula).Append("\n```\n\n| input | shape | meaning |\n|---|---|---|\n");
        foreach (Input input in card.Inputs)
        {
            text.Append("| `").Append(input.Name).Append("` | ").Append(ShapesOf(input)).Append(" | ")
                .Append(input.Meaning).Append(" |\n");
        }

        Parameter[] parameters = [.. card.Parameters, .. CommonMembers.Of(card)];
        text.Append("\n| parameter | default | values | meaning |\n|---|---|---|---|\n");
        foreach (Parameter parameter in parameters)
        {
            text.Append("| `").Append(parameter.Name).Append("` | ")
                .Append(ParameterView.ValueOf(parameter)?.ToJsonString() ?? "null").Append(" | ")
                .Append(ParameterRange.Text(parameter)).Append(" | ").Append(parameter.Meaning).Append(" |\n");
        }

        List(text, "At the edges", card.Edges);
        List(text, "Also answers to", [.. card.Aliases.Select(alias => $"`{alias}`")]);
        List(text, "References", [.. card.References.Select(reference => $"[{reference.Citation}]({reference.Url})")]);
        return text.ToString();
    }

    /// <summary>An input's meaning, its shapes and its range.</summary>
    public static string Of(LossCard card, Input input)
    {
        var text = new StringBuilder(input.Meaning);
        text.Append(" Shape: ").Append(ShapesOf(input)).Append('.');
        if (input.OneOf is not null && Requirements.SetOf(card, input.OneOf) is { Count: > 1 } set)
        {
            text.Append(set.Exists(one => one.Optional) ? " At most one of " : " Exactly one of ")
                .Append(ParameterRange.Listed(set.Select(one => one.Name))).Append(" is given.");
        }

        if (input.Beside is { } other)
        {
            text.Append(input.Optional ? " Given only beside " : " Given if and only if ").Append(other)
                .Append(input.Optional ? "." : " is.");
        }

        if (input.NeededWith is { } parameter)
        {
            text.Append(" Given if and only if ").Append(parameter.Name).Append(" is above 0.");
        }

        text.Append(input.Gradient switch
        {
            GradientRule.Default => " Differentiated unless gradients leaves it out.",
            GradientRule.OnRequest => " Differentiated when gradients names it.",
            _ => "",
        });
        return text.ToString();
    }

    private static string ShapesOf(Input input) =>
        string.Join(" or ", input.Forms.Select(form => $"`{form.Pattern}`{KindOf(form)}").Distinct());

    private static string KindOf(InputForm form) => form.Kind switch
    {
        InputKind.Label => " labels",
        InputKind.Flag => " booleans",
        InputKind.Length => " lengths",
        InputKind.Place => " places",
        _ when form.Domain.Values is { } values => $" in {{{string.Join(", ", values)}}}",
        _ when PageWords.Finite(form.Domain.Max) is { } max => $" in [{form.Domain.Min}, {max}]",
        _ when PageWords.Finite(form.Domain.Min) is { } min => $" >= {min}",
        _ => "",
    };

    private static void List(StringBuilder text, string title, IReadOnlyList<string> lines)
    {
        if (lines.Count > 0)
        {
            text.Append("\n**").Append(title).Append("**\n\n");
        }

        foreach (string line in lines)
        {
            text.Append("- ").Append(line).Append('\n');
        }
    }
}

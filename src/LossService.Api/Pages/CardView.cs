using System.Text.Json.Nodes;
using LossService.Engine.Cards;

namespace LossService.Api.Pages;

/// <summary>A whole card.</summary>
public sealed record CardView
{
    /// <summary>The canonical name.</summary>
    public required string Name { get; init; }

    /// <summary>The family it belongs to.</summary>
    public required string Family { get; init; }

    /// <summary>What it does, in one line.</summary>
    public required string Summary { get; init; }

    /// <summary>The loss of one item, in LaTeX.</summary>
    public required string Formula { get; init; }

    /// <summary>Other names it answers to.</summary>
    public required IReadOnlyList<string> Aliases { get; init; }

    /// <summary>The tensors it takes; the first that is given introduces the symbols of the shapes.</summary>
    public required IReadOnlyList<InputView> Inputs { get; init; }

    /// <summary>The scalars of its own.</summary>
    public required IReadOnlyList<ParameterView> Parameters { get; init; }

    /// <summary>The tensors that every loss takes; <c>*I</c> is the shape of the items.</summary>
    public required IReadOnlyList<InputView> CommonInputs { get; init; }

    /// <summary>The scalars that every loss takes, as far as this one understands them.</summary>
    public required IReadOnlyList<ParameterView> CommonParameters { get; init; }

    /// <summary>The shape of the unreduced loss; alternatives as in the first input.</summary>
    public required string Items { get; init; }

    /// <summary>What a weighted mean divides by unless the request says otherwise; absent where there are no
    /// weights.</summary>
    public string? WeightNormalization { get; init; }

    /// <summary>How its cost grows: linear, sorting or quadratic.</summary>
    public required string Cost { get; init; }

    /// <summary>What it does at its edges.</summary>
    public required IReadOnlyList<string> Edges { get; init; }

    /// <summary>Other libraries' conventions, and what each changes.</summary>
    public required IReadOnlyList<PresetView> Presets { get; init; }

    /// <summary>Where it comes from.</summary>
    public required IReadOnlyList<Reference> References { get; init; }

    /// <summary>Requests that run, with their answers.</summary>
    public required IReadOnlyList<ExampleView> Examples { get; init; }

    internal static CardView Of(LossCard card, IReadOnlyList<ExampleView> examples) => new()
    {
        Name = card.Name,
        Family = card.Family,
        Summary = card.Summary,
        Formula = card.Formula,
        Aliases = card.Aliases,
        Inputs = [.. card.Inputs.Select(InputView.Of)],
        Parameters = [.. card.Parameters.Select(ParameterView.Of)],
        CommonInputs = [.. Common.Tensors.Select(InputView.Of)],
        CommonParameters = [.. CommonMembers.Of(card).Select(ParameterView.Of)],
        Items = card.Items,
        WeightNormalization = card.HasWeight ? (card.MeanDividesByWeights ? "sum_weights" : "count") : null,
        Cost = PageWords.Of(card.Cost),
        Edges = card.Edges,
        Presets = [.. card.Presets.Select(PresetView.Of)],
        References = card.References,
        Examples = examples,
    };
}

/// <summary>Another library's conventions.</summary>
/// <param name="Name">The word for <c>preset</c>.</param>
/// <param name="Changes">Parameter or common member, and the value it takes.</param>
public sealed record PresetView(string Name, IReadOnlyDictionary<string, string> Changes)
{
    internal static PresetView Of(Preset preset) =>
        new(preset.Name, preset.Changes.ToDictionary(change => change.Name, change => change.Value));
}

/// <summary>A request that runs.</summary>
/// <param name="Name">A short name.</param>
/// <param name="Meaning">What it shows.</param>
/// <param name="Request">The body to send.</param>
/// <param name="Answer">What the service answers.</param>
public sealed record ExampleView(string Name, string Meaning, JsonNode? Request, JsonNode? Answer);

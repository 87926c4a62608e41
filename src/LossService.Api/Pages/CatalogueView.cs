using LossService.Engine.Cards;

namespace LossService.Api.Pages;

/// <summary>The catalogue, or the part of it that was asked for.</summary>
/// <param name="Count">How many losses follow.</param>
/// <param name="Losses">Every card in short.</param>
public sealed record CatalogueView(int Count, IReadOnlyList<EntryView> Losses);

/// <summary>A card in short.</summary>
/// <param name="Name">The canonical name.</param>
/// <param name="Family">The family it belongs to.</param>
/// <param name="Summary">What it does, in one line.</param>
/// <param name="Aliases">Other names it answers to.</param>
/// <param name="Inputs">The names of its inputs.</param>
/// <param name="Card">Where the whole card is.</param>
public sealed record EntryView(
    string Name, string Family, string Summary, IReadOnlyList<string> Aliases, IReadOnlyList<string> Inputs,
    string Card)
{
    internal static EntryView Of(LossCard card) => new(
        card.Name, card.Family, card.Summary, card.Aliases, [.. card.Inputs.Select(input => input.Name)],
        $"/v1/losses/{card.Name}");

    /// <summary>True when a word stands in the name, an alias or the summary.</summary>
    internal bool Mentions(string word)
    {
        string name = word.Replace(' ', '_').Replace('-', '_');
        return Name.Contains(name, StringComparison.OrdinalIgnoreCase)
            || Summary.Contains(word, StringComparison.OrdinalIgnoreCase)
            || Aliases.Any(alias => alias.Contains(name, StringComparison.OrdinalIgnoreCase));
    }
}

using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using LossService.Engine;
using LossService.Engine.Cards;

namespace LossService.Api.Pages;

/// <summary>The cards as pages. Each is written when it is first asked for, since it holds the true answers of its
/// examples, and then kept: cards never change.</summary>
internal sealed class CardPages(Rehearsal rehearsal)
{
    private readonly ConcurrentDictionary<Loss, Page> _pages = new();

    public async Task<Page> OfAsync(Loss loss)
    {
        if (!_pages.TryGetValue(loss, out Page? page))
        {
            page = Page.Of(CardView.Of(loss.Card, await ExamplesAsync(loss)), PageJson.Readable.CardView);
            page = _pages.GetOrAdd(loss, page);
        }

        return page;
    }

    private async Task<IReadOnlyList<ExampleView>> ExamplesAsync(Loss loss)
    {
        var examples = new List<ExampleView>();
        foreach (Example example in loss.Card.Examples)
        {
            (_, byte[] answer) = await rehearsal.PostAsync(loss, example.Body);
            examples.Add(new(example.Name, example.Meaning, JsonNode.Parse(example.Body), JsonNode.Parse(answer)));
        }

        return examples;
    }
}

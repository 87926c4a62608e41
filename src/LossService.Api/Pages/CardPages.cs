using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using LossService.Engine;
using LossService.Engine.Cards;

namespace LossService.Api.Pages;

/// <summary>The cards as pages. Each is written when it is first asked for, since it holds the true answers of its
/// examples, and then kept: cards never change.</summary>
internal sealed class CardPages(Rehearsal rehearsal)
{
    private readonly ConcurrentDictionary<Loss, KeptPage> _pages = new();

    public Task<Page> OfAsync(Loss loss) =>
        _pages.GetOrAdd(loss, one => new KeptPage(rehearsal, () => WriteAsync(one))).ReadAsync();

    private async Task<Page> WriteAsync(Loss loss)
    {
        var examples = new List<ExampleView>();
        foreach (Example example in loss.Card.Examples)
        {
            (int status, byte[] answer) = await rehearsal.PostAsync(loss, example.Body);
            examples.Add(new(
                example.Name, example.Meaning, JsonNode.Parse(example.Body),
                status == StatusCodes.Status200OK ? JsonNode.Parse(answer) : null));
        }

        return Page.Of(CardView.Of(loss.Card, examples), PageJson.Readable.CardView);
    }
}

using LossService.Api.Pages;
using LossService.Engine;

namespace LossService.Api.Endpoints;

/// <summary><c>GET /v1/losses</c> and <c>GET /v1/losses/{loss}</c>: what there is, and everything about one.</summary>
internal static class CatalogueEndpoints
{
    private const string Tag = "catalogue";

    public static void MapCatalogue(this WebApplication app)
    {
        IReadOnlyList<Loss> losses = app.Services.GetRequiredService<IReadOnlyList<Loss>>();
        CardPages cards = app.Services.GetRequiredService<CardPages>();
        EntryView[] entries = [.. losses.Select(loss => EntryView.Of(loss.Card))];
        Page all = PageOf(entries);
        Dictionary<string, Loss> byName = ByName(losses);

        app.MapPage("/v1/losses", (string? family, string? q) => family is null && q is null
                ? all
                : PageOf([.. entries.Where(entry =>
                    (family is null || entry.Family.Equals(family, StringComparison.OrdinalIgnoreCase))
                    && (q is null || entry.Mentions(q)))]))
            .WithName("list_losses")
            .WithTags(Tag)
            .WithSummary("Lists every loss in short")
            .WithDescription("Cards in short: those of one `family`, those that mention `q` in a name, alias or summary, or all.")
            .Produces<CatalogueView>();

        app.MapPage("/v1/losses/{loss}", async (string loss, HttpContext http) =>
            {
                if (!byName.TryGetValue(loss, out Loss? known))
                {
                    return UnknownLoss.Answer(loss, losses);
                }

                if (!loss.Equals(known.Card.Name, StringComparison.OrdinalIgnoreCase))
                {
                    LossEndpoints.SayWhere(known, http.Response);
                }

                return await cards.OfAsync(known);
            })
            .WithName("read_card")
            .WithTags(Tag)
            .WithSummary("Shows one loss's whole card")
            .WithDescription("Formula, inputs with their shapes and ranges, parameters, edges, presets, references, and examples with their true answers. Aliases answer too.")
            .Produces<CardView>();
    }

    private static Page PageOf(EntryView[] entries) =>
        Page.Of(new CatalogueView(entries.Length, entries), PageJson.Readable.CatalogueView);

    private static Dictionary<string, Loss> ByName(IReadOnlyList<Loss> losses)
    {
        var byName = new Dictionary<string, Loss>(StringComparer.OrdinalIgnoreCase);
        foreach (Loss loss in losses)
        {
            byName.Add(loss.Card.Name, loss);
            foreach (string alias in loss.Card.Aliases)
            {
                byName.Add(alias, loss);
            }
        }

        return byName;
    }
}

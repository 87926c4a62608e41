using System.Reflection;
using LossService.Api.Pages;
using LossService.Engine;
using LossService.Engine.Cards;
using Microsoft.Extensions.Options;

namespace LossService.Api.Endpoints;

/// <summary><c>GET /v1/info</c>: what this instance is and takes.</summary>
internal static class InfoEndpoints
{
    public static void MapInfo(this WebApplication app)
    {
        // "0.1.0+<commit>", as the SDK stamps it.
        string[] stamp = (typeof(InfoEndpoints).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()
            ?.InformationalVersion ?? "0").Split('+', 2);
        var info = new InfoView(
            "LossService", stamp[0], stamp.Length == 2 ? stamp[1] : null,
            app.Services.GetRequiredService<IReadOnlyList<Loss>>().Count, Common.Dtype.Words,
            [.. app.Services.GetRequiredService<MediaTypes>().Names],
            app.Services.GetRequiredService<IOptions<Limits>>().Value.List());
        Page page = Page.Of(info, PageJson.Readable.InfoView);

        app.MapPage("/v1/info", () => page)
            .WithName("read_info")
            .WithTags("service")
            .WithSummary("Says what this instance is and takes")
            .WithDescription("Version, commit, dtypes, formats, and every limit with its value, unit and reason.")
            .Produces<InfoView>();
    }
}

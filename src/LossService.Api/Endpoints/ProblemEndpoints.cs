using LossService.Api.Pages;
using LossService.Engine;
using LossService.Wire;

namespace LossService.Api.Endpoints;

/// <summary><c>GET /problems/{code}</c>: what a problem code means and what to do about it.</summary>
internal static class ProblemEndpoints
{
    public static void MapProblems(this WebApplication app)
    {
        Dictionary<string, Page> pages = ProblemKinds.All.ToDictionary(
            kind => kind.Code, kind => Page.Of(ProblemKindView.Of(kind), PageJson.Readable.ProblemKindView));

        app.MapPage("/problems/{code}", (string code) => pages.TryGetValue(code, out Page? page)
                ? (IResult)page
                : new ProblemAnswer(Problem.Of(Codes.NotFound, "no problem has this code")))
            .WithName("read_problem")
            .WithTags("service")
            .WithSummary("Explains a problem code")
            .WithDescription("Every error carries a `type` that leads here.")
            .Produces<ProblemKindView>();
    }
}

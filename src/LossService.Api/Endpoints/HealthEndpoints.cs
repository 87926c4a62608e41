using LossService.Api.Admission;
using LossService.Api.Pages;
using LossService.Engine;
using LossService.Wire;

namespace LossService.Api.Endpoints;

/// <summary><c>GET /health/live</c> and <c>/health/ready</c>, for whoever restarts the service and sends it
/// requests.</summary>
internal static class HealthEndpoints
{
    // Its callers are probes and balancers, which know 503.
    private static readonly Problem WarmingUp =
        Problem.Of(Codes.Overloaded, "this instance is warming up", StatusCodes.Status503ServiceUnavailable) with
        {
            RetryAfterSeconds = 1,
        };

    public static void MapHealth(this WebApplication app)
    {
        Readiness readiness = app.Services.GetRequiredService<Readiness>();
        Page live = Page.Of(new StatusView("live"), PageJson.Readable.StatusView);
        Page ready = Page.Of(new StatusView("ready"), PageJson.Readable.StatusView);

        app.MapGet("/health/live", () => live)
            .WithName("check_live")
            .WithTags("service")
            .WithSummary("Says that the process answers")
            .Produces<StatusView>();
        app.MapGet("/health/ready", () => readiness.IsDraining
                ? new ProblemAnswer(AdmissionControl.ShuttingDown)
                : readiness.IsWarm
                    ? (IResult)ready
                    : new ProblemAnswer(WarmingUp))
            .WithName("check_ready")
            .WithTags("service")
            .WithSummary("Says whether to send requests: warm, and not shutting down")
            .Produces<StatusView>();
    }
}

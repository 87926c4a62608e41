using LossService.Api.Admission;
using LossService.Api.Validation;
using LossService.Engine;
using LossService.Engine.Families;
using LossService.Engine.Numerics;
using LossService.Wire;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Options;

namespace LossService.Api.Endpoints;

/// <summary><c>POST /v1/losses/{loss}</c>: one endpoint a loss, and one for each of its aliases.</summary>
internal static class LossEndpoints
{
    public static void MapLosses(this WebApplication app)
    {
        IReadOnlyList<Loss> losses = app.Services.GetRequiredService<IReadOnlyList<Loss>>();
        foreach (Loss loss in losses)
        {
            app.MapLoss(loss, loss.Card.Name).WithName(loss.Card.Name).WithTags(loss.Card.Family).WithMetadata(loss);
            foreach (string alias in loss.Card.Aliases)
            {
                app.MapLoss(loss, alias).AddEndpointFilter(new CanonicalName(loss)).ExcludeFromDescription();
            }
        }

        app.MapPost("/v1/losses/{loss}", (string loss) => UnknownLoss.Answer(loss, losses)).ExcludeFromDescription();
    }

    /// <summary>Names the path of a loss that was asked for by an alias.</summary>
    public static void SayWhere(Loss loss, HttpResponse response) =>
        response.Headers.ContentLocation = $"/v1/losses/{loss.Card.Name}";

    private static RouteHandlerBuilder MapLoss(this WebApplication app, Loss loss, string name)
    {
        IServiceProvider services = app.Services;
        Limits limits = services.GetRequiredService<IOptions<Limits>>().Value;
        TensorPool pool = services.GetRequiredService<TensorPool>();
        AdmissionControl admission = services.GetRequiredService<AdmissionControl>();
        var exchange = new Exchange(
            loss, services.GetRequiredService<MediaTypes>(), admission,
            services.GetRequiredService<AdmissionMetrics>(), services.GetRequiredService<ComputeThreads>(), limits,
            pool, services.GetRequiredService<TimeProvider>());
        return app
            .MapPost($"/v1/losses/{name}", (HttpContext http) =>
            {
                LossRequest request = http.Features.GetRequiredFeature<LossRequest>();
                Turn? turn = http.Features.Get<Turn>();
                if (turn is not null
                    && admission.Refusal(turn.Reprice(loss, request), http.Features.Get<Deadline>()?.Left) is { } late)
                {
                    return new ProblemAnswer(late);
                }

                return (object?)loss.Run(
                    request, new Workshop(pool, limits.ThreadsMax, http.RequestAborted) { Crew = turn });
            })
            .AddEndpointFilter(exchange)
            .AddEndpointFilter(services.GetRequiredService<ValidationFilter>());
    }

    /// <summary>An alias answers as the loss itself and says where that is.</summary>
    private sealed class CanonicalName(Loss loss) : IEndpointFilter
    {
        public ValueTask<object?> InvokeAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
        {
            SayWhere(loss, context.HttpContext.Response);
            return next(context);
        }
    }
}

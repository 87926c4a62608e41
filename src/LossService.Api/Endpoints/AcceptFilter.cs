using LossService.Engine;
using LossService.Wire;

namespace LossService.Api.Endpoints;

/// <summary>Refuses callers who do not take JSON (406), before anything is read or computed.</summary>
internal sealed class AcceptFilter : IEndpointFilter
{
    private const string Json = "application/json";

    public ValueTask<object?> InvokeAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next) =>
        MediaTypes.Allows(context.HttpContext.Request.Headers.Accept, Json)
            ? next(context)
            : new(new ProblemAnswer(Problem.Of(Codes.NotAcceptable, $"Accept: expected {Json}")));
}

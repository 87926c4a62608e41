namespace LossService.Api.Endpoints;

/// <summary>A page is read with GET, and looked at with HEAD, which stays out of the document.</summary>
internal static class PageRoute
{
    public static RouteHandlerBuilder MapPage(this WebApplication app, string pattern, Delegate handler)
    {
        app.MapMethods(pattern, [HttpMethods.Head], handler).AddEndpointFilter<AcceptFilter>().ExcludeFromDescription();
        return app.MapGet(pattern, handler).AddEndpointFilter<AcceptFilter>();
    }
}

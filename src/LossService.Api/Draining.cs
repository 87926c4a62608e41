namespace LossService.Api;

/// <summary>What a service that was asked to stop does to connections: it says goodbye with each answer.</summary>
internal static class Draining
{
    /// <summary>Lets no caller keep a connection whose next request would meet a closed door.</summary>
    /// <remarks>HTTP/2 has a frame for that, which the server sends itself.</remarks>
    public static void UseDraining(this WebApplication app)
    {
        Readiness readiness = app.Services.GetRequiredService<Readiness>();
        app.Use((http, next) =>
        {
            if (readiness.IsDraining && !HttpProtocol.IsHttp2(http.Request.Protocol))
            {
                http.Response.Headers.Connection = "close";
            }

            return next(http);
        });
    }
}

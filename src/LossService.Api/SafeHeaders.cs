namespace LossService.Api;

/// <summary>The few headers that keep a browser from taking an answer for something else.</summary>
internal static class SafeHeaders
{
    // Swagger UI sets styles in place and draws its icons from data URIs; nothing comes from elsewhere.
    private const string PagePolicy =
        "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'";

    public static void UseSafeHeaders(this WebApplication app) => app.Use(static (http, next) =>
    {
        http.Response.OnStarting(
            static state =>
            {
                var http = (HttpContext)state;
                http.Response.Headers.XContentTypeOptions = "nosniff";
                if (http.Response.ContentType?.StartsWith("text/html", StringComparison.Ordinal) == true)
                {
                    http.Response.Headers.ContentSecurityPolicy = PagePolicy;
                }

                return Task.CompletedTask;
            },
            http);
        return next(http);
    });
}

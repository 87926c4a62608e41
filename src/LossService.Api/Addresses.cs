namespace LossService.Api;

/// <summary>Where the service listens, and the line that tells whoever started it.</summary>
internal static class Addresses
{
    private const string Default = "http://localhost:5080";

    /// <summary>Listens on port 5080 of this machine unless arguments, environment or settings say otherwise.</summary>
    public static void UseDefaultAddress(this WebApplicationBuilder builder)
    {
        ConfigurationManager settings = builder.Configuration;
        if (settings["urls"] is null && settings["http_ports"] is null && settings["https_ports"] is null
            && !settings.GetSection("Kestrel:Endpoints").Exists())
        {
            builder.WebHost.UseUrls(Default);
        }
    }

    /// <summary>Says where Swagger is once the server listens.</summary>
    public static void AnnounceSwagger(this WebApplication app) => app.Lifetime.ApplicationStarted.Register(() =>
    {
        foreach (string address in app.Urls)
        {
            app.Logger.LogSwagger($"{Reachable(address)}/swagger");
        }
    });

    // An address that means "every interface" is none that a browser opens.
    private static string Reachable(string address) => address
        .Replace("[::]", "localhost", StringComparison.Ordinal)
        .Replace("0.0.0.0", "localhost", StringComparison.Ordinal)
        .Replace("//+", "//localhost", StringComparison.Ordinal)
        .Replace("//*", "//localhost", StringComparison.Ordinal)
        .TrimEnd('/');
}

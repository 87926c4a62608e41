using System.Globalization;

namespace LossService.Api;

/// <summary>The program as its own health check, for images without a shell: started with <c>--healthcheck</c>, it asks
/// the service that runs beside it whether it is ready, and ends with 0 or 1.</summary>
internal static class HealthCheckMode
{
    private const string Argument = "--healthcheck";
    private const string UrlsName = "ASPNETCORE_URLS"; // which the server prefers
    private const string PortsName = "ASPNETCORE_HTTP_PORTS";
    private const int PortDefault = 8080; // of the image, and of Microsoft's images

    // Shorter than the time that the image gives the whole check, so that the reason is written before it is cut off.
    private static readonly TimeSpan TimeMax = TimeSpan.FromSeconds(5);

    /// <summary>True when these arguments ask for the check rather than for the service.</summary>
    public static bool IsAsked(string[] args) => args.Contains(Argument);

    /// <summary>Asks <c>/health/ready</c> on the first port that the environment has the service listen on without TLS,
    /// or at the address given behind the argument.</summary>
    /// <returns>The exit code: 0 when the service is ready, else 1 with the reason on standard error.</returns>
    public static async Task<int> RunAsync(string[] args)
    {
        try
        {
            var ready = new Uri(new Uri(AddressIn(args)), "/health/ready");
            using var handler = new SocketsHttpHandler { UseProxy = false }; // a proxy would not reach this container
            using var client = new HttpClient(handler) { Timeout = TimeMax };
            using HttpResponseMessage answer = await client.GetAsync(ready);
            if (answer.IsSuccessStatusCode)
            {
                return 0;
            }

            await Console.Error.WriteLineAsync($"{ready} answers {(int)answer.StatusCode}");
        }
        catch (Exception e) when (e is HttpRequestException or TaskCanceledException or FormatException)
        {
            await Console.Error.WriteLineAsync(e.Message);
        }

        return 1;
    }

    private static string AddressIn(string[] args)
    {
        int behind = Array.IndexOf(args, Argument) + 1;
        if (behind < args.Length)
        {
            return args[behind];
        }

        return $"http://127.0.0.1:{PortIn(Environment.GetEnvironmentVariable(UrlsName)) ?? FirstPort()}";
    }

    private static int? PortIn(string? urls)
    {
        foreach (string url in (urls ?? "").Split(';', StringSplitOptions.RemoveEmptyEntries))
        {
            var address = BindingAddress.Parse(url);
            if (address.Scheme == Uri.UriSchemeHttp)
            {
                return address.Port;
            }
        }

        return null;
    }

    private static int FirstPort()
    {
        string? first = Environment.GetEnvironmentVariable(PortsName)?.Split(';')[0];
        return int.TryParse(first, NumberStyles.None, CultureInfo.InvariantCulture, out int port) ? port : PortDefault;
    }
}

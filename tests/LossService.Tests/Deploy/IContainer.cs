namespace LossService.Tests.Deploy;

/// <summary>The image of deploy/Dockerfile, built by some engine, and the one container that runs it as
/// docker-compose.yml says: read-only, without rights, not as root.</summary>
internal interface IContainer : IAsyncDisposable
{
    /// <summary>A client whose addresses are the service's.</summary>
    HttpClient Client { get; }

    /// <summary>How many bytes the image has, base and service together.</summary>
    Task<long> BytesAsync();

    /// <summary>Builds the image.</summary>
    Task BuildAsync();

    /// <summary>Starts the container, for the first time or after it was stopped.</summary>
    Task StartAsync();

    /// <summary>Runs the image's own health check beside the service.</summary>
    Task<(int Code, string Output)> CheckHealthAsync();

    /// <summary>The service's process as this machine sees it.</summary>
    Task<int> ProcessAsync();

    /// <summary>What the service wrote so far.</summary>
    Task<string> LogAsync();

    /// <summary>Asks the service to stop, as an orchestrator does, and waits for it.</summary>
    /// <returns>Its exit code.</returns>
    Task<int> StopAsync();
}

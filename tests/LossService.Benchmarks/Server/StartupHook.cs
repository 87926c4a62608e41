using LossService.Benchmarks.Server;
using LossService.Benchmarks.Soak;

#pragma warning disable CA1050 // The runtime looks for this name outside every namespace.

/// <summary>What the runtime calls in a process that is started with DOTNET_STARTUP_HOOKS set to this assembly: the only
/// thing that tells a measured service from one that users run.</summary>
internal static class StartupHook
{
    public static void Initialize()
    {
        Gauge.Serve();
        Leak.Plant();
    }
}

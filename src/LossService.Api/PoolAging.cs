using LossService.Engine.Numerics;

namespace LossService.Api;

/// <summary>Lets both pools forget what nobody needed for a while, so that neither a large request nor a crowd stays in
/// memory.</summary>
internal sealed class PoolAging(TensorPool pool, TransportBlocks blocks) : BackgroundService
{
    // A block goes at the second look at the latest, so that a minute is enough.
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(25);

    // Below this, what a full collection takes is not worth what it brings.
    private const long WorthCollecting = 16 << 20;

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Period);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            if (pool.Age() + blocks.Age() >= WorthCollecting)
            {
                // An idle process allocates nothing, and so would keep its garbage for ever. What lives is a few MiB:
                // this stops others for some milliseconds, and only where a large request has come and gone.
                GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
            }
        }
    }
}

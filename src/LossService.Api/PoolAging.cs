using LossService.Engine.Numerics;

namespace LossService.Api;

/// <summary>Lets the pool forget buffers that nobody needed for a while, so that one large request does not stay in
/// memory.</summary>
internal sealed class PoolAging(TensorPool pool) : BackgroundService
{
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(30);

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Period);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            pool.Age();
        }
    }
}

using Microsoft.Extensions.Options;

namespace LossService.Api;

/// <summary>Says when the service is worth sending requests to: from the end of its warm-up to the start of its
/// shutdown.</summary>
/// <remarks>Asked to stop, the service first says so for <c>drain_time</c> while it answers as ever, and only then
/// stops listening: whoever spreads requests needs that long to notice, and what he sent meanwhile is
/// answered.</remarks>
internal sealed class Readiness(
    WarmUp warmUp, IHostApplicationLifetime lifetime, IOptions<Limits> limits, TimeProvider time)
    : BackgroundService, IHostedLifecycleService
{
    private volatile bool _isWarm;
    private volatile bool _isStopping;
    private volatile bool _isBroken;

    /// <summary>True once every route is warm.</summary>
    public bool IsWarm => _isWarm;

    /// <summary>True from the moment the service was asked to stop.</summary>
    public bool IsDraining => _isStopping || lifetime.ApplicationStopping.IsCancellationRequested;

    /// <summary>True once the process has met what it cannot go on after.</summary>
    public bool IsBroken => _isBroken;

    /// <summary>Stops the service as a signal would, but so that its exit code says why: a part of it may have been
    /// left half done.</summary>
    public void Break()
    {
        _isBroken = true;
        lifetime.StopApplication();
    }

    /// <inheritdoc/>
    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Keeps every part of the service running until the drain is over.</summary>
    public async Task StoppingAsync(CancellationToken cancellationToken)
    {
        _isStopping = true;
        await Task.Delay(TimeSpan.FromMilliseconds(limits.Value.DrainMillisecondsMax), time, cancellationToken)
            .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    /// <inheritdoc/>
    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using CancellationTokenRegistration on = lifetime.ApplicationStarted.Register(started.SetResult);
        await using CancellationTokenRegistration off = stoppingToken.Register(() =>
            started.TrySetCanceled(stoppingToken));
        await started.Task;
        await warmUp.RunAsync(stoppingToken);
        _isWarm = true;
    }
}

namespace LossService.Api;

/// <summary>Says when the service is worth sending requests to: from the end of its warm-up to the start of its
/// shutdown.</summary>
internal sealed class Readiness(WarmUp warmUp, IHostApplicationLifetime lifetime) : BackgroundService
{
    private volatile bool _isWarm;

    /// <summary>True once every route is warm.</summary>
    public bool IsWarm => _isWarm;

    /// <summary>True from the moment the service was asked to stop.</summary>
    public bool IsDraining => lifetime.ApplicationStopping.IsCancellationRequested;

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

using System.Diagnostics;
using LossService.Engine;
using LossService.Engine.Cards;

namespace LossService.Api;

/// <summary>Says when the service is worth sending requests to: from the end of its warm-up to the start of its
/// shutdown.</summary>
/// <remarks>Warm-up runs every loss's first example in both dtypes, so that no caller pays for the compiler.</remarks>
internal sealed partial class Readiness(
    IReadOnlyList<Loss> losses, Rehearsal rehearsal, IHostApplicationLifetime lifetime, ILogger<Readiness> log)
    : BackgroundService
{
    private volatile bool _isWarm;

    /// <summary>True once every loss has run.</summary>
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
        long start = Stopwatch.GetTimestamp();
        foreach (Loss loss in losses)
        {
            foreach (string dtype in Common.Dtype.Words)
            {
                stoppingToken.ThrowIfCancellationRequested();
                (int status, _) = await rehearsal.PostAsync(loss, loss.Card.Examples[0].Body, $"?dtype={dtype}");
                if (status != StatusCodes.Status200OK)
                {
                    // One broken loss must not keep the others from answering.
                    LogBadExample(loss.Card.Name, dtype, status);
                }
            }
        }

        _isWarm = true;
        LogWarm(losses.Count, Stopwatch.GetElapsedTime(start).TotalMilliseconds);
    }

    [LoggerMessage(LogLevel.Information, "Warm: {Losses} losses in {Milliseconds:0} ms")]
    private partial void LogWarm(int losses, double milliseconds);

    [LoggerMessage(LogLevel.Error, "The first example of {Loss:l} in {Dtype:l} answers {Status}")]
    private partial void LogBadExample(string loss, string dtype, int status);
}

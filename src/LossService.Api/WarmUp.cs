using System.Diagnostics;
using System.Runtime;
using LossService.Engine;
using LossService.Engine.Cards;

namespace LossService.Api;

/// <summary>Rehearses every route until the compiler has nothing left to do for it, so that no caller pays for
/// it.</summary>
/// <remarks>The runtime compiles a method quickly at its first call, again with counters after thirty calls, and for
/// good after thirty more, both in the background and only once nothing new was compiled for a while. Under load on one
/// processor, small requests still cost five times as much after nine seconds.</remarks>
internal sealed partial class WarmUp(
    IReadOnlyList<Loss> losses, Rehearsal rehearsal, IConfiguration settings, ILogger<WarmUp> log)
{
    private const int Calls = 32;
    private const int RestMs = 250;

    // Fewer new methods than this in a pass are the runtime's own business.
    private const int SettledMethods = 32;

    // Readiness must come some time, whatever else keeps the processor busy.
    private const double SecondsMax = 10;

    /// <summary>Returns when every route is warm, or the time for it is over.</summary>
    public async Task RunAsync(CancellationToken stopping)
    {
        long start = Stopwatch.GetTimestamp();
        double secondsMax = settings.GetValue("WarmUpSeconds", SecondsMax);
        await PassAsync(1, stopping);
        long compiled = long.MaxValue;
        while (compiled > SettledMethods && Stopwatch.GetElapsedTime(start).TotalSeconds < secondsMax)
        {
            await Task.Delay(RestMs, stopping);
            long before = JitInfo.GetCompiledMethodCount();
            await PassAsync(Calls, stopping);
            await Task.Delay(RestMs, stopping);
            compiled = JitInfo.GetCompiledMethodCount() - before;
        }

        LogWarm(losses.Count, Stopwatch.GetElapsedTime(start).TotalMilliseconds);
    }

    private async Task PassAsync(int calls, CancellationToken stopping)
    {
        foreach (Loss loss in losses)
        {
            foreach (string dtype in Common.Dtype.Words)
            {
                if (!await RepeatAsync(loss, loss.Card.Examples[0].Body, $"?dtype={dtype}", calls, stopping))
                {
                    // One broken loss must not keep the others from answering.
                    break;
                }
            }
        }

        // How problems are found, told and written is the same for all.
        await RepeatAsync(losses[0], "{}", "", calls, stopping);
        await RepeatAsync(losses[0], "{", "", calls, stopping);
    }

    // False when the first example of a loss does not answer.
    private async Task<bool> RepeatAsync(
        Loss loss, string body, string query, int calls, CancellationToken stopping)
    {
        bool isRight = query.Length > 0;
        for (int call = 0; call < calls; call++)
        {
            stopping.ThrowIfCancellationRequested();
            (int status, _) = await rehearsal.PostAsync(loss, body, query);
            if (isRight && status != StatusCodes.Status200OK)
            {
                LogBadExample(loss.Card.Name, query, status);
                return false;
            }
        }

        return true;
    }

    [LoggerMessage(LogLevel.Information, "Warm: {Losses} losses in {Milliseconds:0} ms")]
    private partial void LogWarm(int losses, double milliseconds);

    [LoggerMessage(LogLevel.Error, "The first example of {Loss:l} with {Query:l} answers {Status}")]
    private partial void LogBadExample(string loss, string query, int status);
}

using System.Globalization;
using System.Net;
using LossService.Engine;
using LossService.Wire;
using Microsoft.Extensions.Options;

namespace LossService.Api.Admission;

/// <summary>Decides, before a byte of a body is read, whether a request is worth beginning: a small one always, a large
/// one if those before it are done soon enough.</summary>
internal sealed class AdmissionControl(
    ComputeThreads threads, Readiness readiness, AdmissionMetrics metrics, IOptions<Limits> limits)
{
    private const int RetrySecondsMax = 60;

    // Of the time that any request may wait, so much may be for others of the same caller: whoever floods the service
    // is refused before he fills it.
    private const double ShareOfCaller = 0.75;

    // How many times too high a price may be: nobody is told that his time does not suffice because of that.
    private const double Doubt = 4;

    // How wrong prices may be: what has waited so many times its time is refused although it was let in.
    private const double Patience = 1.5;

    private readonly Limits _limits = limits.Value;

    /// <summary>True for a request that is answered on the thread on which it arrives: it takes less than a change of
    /// threads could save.</summary>
    public bool IsInline(long price) => price <= _limits.InlineStepsMax;

    /// <summary>What a body of unknown length is taken for.</summary>
    public long PriceOfUnknown => _limits.InlineStepsMax + 1L;

    /// <summary>Why a request of this price is not begun; null when it is.</summary>
    /// <param name="price">In steps.</param>
    /// <param name="timeLeft">How long its caller waits, where he says so.</param>
    /// <param name="caller">His address.</param>
    /// <param name="least">The least that it may cost, where the price is a guess.</param>
    public Problem? Refusal(long price, TimeSpan? timeLeft, IPAddress? caller, long? least = null) =>
        Counted(Late(least ?? price, timeLeft, threads: 1) ?? Judge(price, timeLeft, caller));

    /// <summary>Why a request is not computed, at all or for a caller who waits no longer than this, once its price is
    /// that of its shapes.</summary>
    public Problem? Refusal(long price, TimeSpan? timeLeft) =>
        Counted(TooDear(price) ?? Late(price, timeLeft, _limits.ThreadsMax));

    /// <summary>The same for a request whose turn has come, by what it has really waited.</summary>
    public Problem? Refusal(long price, long waitedNanoseconds) => Counted(
        Milliseconds(waitedNanoseconds) > Patience * Bound(price) ? Busy(Milliseconds(waitedNanoseconds)) : null);

    /// <summary>The problem of a service that was asked to stop.</summary>
    public static Problem ShuttingDown { get; } =
        Problem.Of(Codes.Draining, "this instance is shutting down") with { RetryAfterSeconds = 1 };

    /// <summary>The problem of an answer that would come too late.</summary>
    public static Problem OutOfTime(string detail) => Problem.Of(Codes.Timeout, detail);

    private Problem? TooDear(long price) => price <= _limits.WorkStepsMax ? null : Problem.TooLarge(
        "work",
        $"the request takes some {Round(Needs(price))} ms of a processor, and may take {Round(Needs(_limits.WorkStepsMax))}",
        string.Create(CultureInfo.InvariantCulture, $"at most {_limits.WorkStepsMax} steps"),
        price.ToString(CultureInfo.InvariantCulture));

    private static Problem? Late(long price, TimeSpan? timeLeft, int threads)
    {
        double needs = Needs(price) / threads;
        return timeLeft is { } left && left.TotalMilliseconds < needs / Doubt
            ? OutOfTime($"the request takes some {Round(needs)} ms, and {Round(Math.Max(0, left.TotalMilliseconds))} are left")
            : null;
    }

    private Problem? Judge(long price, TimeSpan? timeLeft, IPAddress? caller)
    {
        if (IsInline(price))
        {
            return null;
        }

        (long all, long own) = threads.WaitOf(price, caller);
        double waits = Milliseconds(all);
        if (waits <= Bound(price) && Milliseconds(own) <= Bound(price, ShareOfCaller))
        {
            return timeLeft is { } time && time.TotalMilliseconds < waits
                ? OutOfTime($"others take some {Round(waits)} ms before it, and {Round(time.TotalMilliseconds)} are left")
                : null;
        }

        return Busy(waits);
    }

    private Problem? Counted(Problem? refusal)
    {
        if (refusal is not null)
        {
            metrics.Refuse(refusal.Code);
        }

        return refusal;
    }

    // A long request may wait for one like it, be it its own caller's, even if that takes longer than its price says; a
    // short one at least a share of this long.
    private double Bound(long price, double share = 1) =>
        Math.Max(share * _limits.QueueMillisecondsMax, ComputeThreads.Alike * Needs(price) * threads.Slowness);

    private Problem Busy(double waits)
    {
        int seconds = (int)Math.Clamp(Math.Ceiling(waits / 1000), 1, RetrySecondsMax);
        return readiness.IsDraining
            ? ShuttingDown
            : Problem.Later($"requests that come before this one take some {Round(waits)} ms", seconds);
    }

    private static double Needs(long price) => Milliseconds(price * Price.StepNanoseconds);

    private static double Milliseconds(long nanoseconds) => nanoseconds / 1e6;

    private static string Round(double milliseconds) => milliseconds.ToString("0", CultureInfo.InvariantCulture);
}

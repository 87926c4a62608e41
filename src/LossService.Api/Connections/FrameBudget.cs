namespace LossService.Api.Connections;

/// <summary>What a connection may still spend on frames: a bucket that fills by <c>frame_rate</c> a second up to
/// <c>frame_burst</c>. It may be overdrawn; then nothing is to be read until it is even again.</summary>
internal sealed class FrameBudget
{
    private readonly TimeProvider _clock;
    private readonly int _perSecond;
    private readonly long _burst; // as the time that it takes to fill
    private readonly long _owedUntil;

    // The time at which what was taken has come back in full; the bucket is even when it lies a burst ahead.
    private long _full;

    /// <summary>A full bucket, but for what others are to pay back until a certain time.</summary>
    public FrameBudget(Limits limits, TimeProvider clock, long owedUntil = 0)
    {
        _clock = clock;
        _perSecond = limits.FramesPerSecondMax;
        _burst = Ticks(limits.FrameBurstMax);
        _owedUntil = owedUntil;
        _full = Math.Max(owedUntil, clock.GetTimestamp());
    }

    /// <summary>How long it takes until the bucket is even; zero or less where it is.</summary>
    public TimeSpan Wait => _clock.GetElapsedTime(_clock.GetTimestamp() + _burst, _full);

    /// <summary>What was taken and has not come back yet, in the clock's ticks; not what was owed before.</summary>
    public long Unpaid => Math.Max(0, _full - Math.Max(_owedUntil, _clock.GetTimestamp()));

    /// <summary>Takes the price of some frames.</summary>
    public void Take(long price) => _full = Math.Max(_full, _clock.GetTimestamp()) + Ticks(price);

    private long Ticks(long price) => (long)(price * (double)_clock.TimestampFrequency / _perSecond);
}

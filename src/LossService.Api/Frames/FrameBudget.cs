namespace LossService.Api.Frames;

/// <summary>What a connection may still spend on frames: a bucket that fills by <c>frame_rate</c> a second up to
/// <c>frame_burst</c>. It may be overdrawn; then nothing is to be read until it is even again.</summary>
internal sealed class FrameBudget
{
    private readonly TimeProvider _clock;
    private readonly int _perSecond;
    private readonly long _burst; // as the time that it takes to fill

    // The time at which what was taken has come back in full; the bucket is even when it lies a burst ahead.
    private long _full;

    /// <summary>A full bucket.</summary>
    public FrameBudget(Limits limits, TimeProvider clock)
    {
        _clock = clock;
        _perSecond = limits.FramesPerSecondMax;
        _burst = Ticks(limits.FrameBurstMax);
        _full = clock.GetTimestamp();
    }

    /// <summary>How long it takes until the bucket is even; zero or less where it is.</summary>
    public TimeSpan Wait => _clock.GetElapsedTime(_clock.GetTimestamp() + _burst, _full);

    /// <summary>Takes the price of some frames.</summary>
    public void Take(long price) => _full = Math.Max(_full, _clock.GetTimestamp()) + Ticks(price);

    private long Ticks(long price) => (long)(price * (double)_clock.TimestampFrequency / _perSecond);
}

using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;

namespace LossService.Api.Admission;

/// <summary>A request's body, whose reads may be given up while the connection goes on: at the request's end, and when
/// its sender has fallen too far behind the slowest rate, whatever he sent before.</summary>
/// <remarks>Given up by its token, a read of the server's would count as still going on, and the connection would end
/// with a fault. The server takes the mean from the beginning, so that whoever sent a lot may rest for hours on memory
/// that others need. For one reader at a time.</remarks>
/// <param name="inner">The server's.</param>
/// <param name="limits">What they say of senders.</param>
/// <param name="clock">What time is told by.</param>
internal sealed class BodyReader(PipeReader inner, Limits limits, TimeProvider clock) : PipeReader, IDisposable
{
    private readonly TimeSpan _behindMax = TimeSpan.FromSeconds(limits.StallSecondsMax);
    private TimeSpan _behind;
    private ITimer? _timer;
    private volatile bool _isTooSlow;
    private ReadOnlySequence<byte> _read;
    private long _kept;

    /// <inheritdoc/>
    public override void AdvanceTo(SequencePosition consumed) => AdvanceTo(consumed, consumed);

    /// <inheritdoc/>
    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
    {
        _kept = _read.Slice(consumed).Length;
        _read = default;
        inner.AdvanceTo(consumed, examined);
    }

    /// <inheritdoc/>
    public override void CancelPendingRead() => inner.CancelPendingRead();

    /// <inheritdoc/>
    public override void Complete(Exception? exception = null) => inner.Complete(exception);

    /// <inheritdoc/>
    public override bool TryRead(out ReadResult result)
    {
        bool isRead = inner.TryRead(out result);
        _read = result.Buffer;
        return isRead;
    }

    /// <inheritdoc/>
    public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
    {
        ValueTask<ReadResult> reading = inner.ReadAsync(CancellationToken.None);
        if (!reading.IsCompletedSuccessfully)
        {
            return AwaitAsync(reading, cancellationToken);
        }

        ReadResult result = reading.Result;
        _read = result.Buffer;
        return new(result);
    }

    /// <inheritdoc/>
    public void Dispose() => _timer?.Dispose();

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<ReadResult> AwaitAsync(ValueTask<ReadResult> reading, CancellationToken cancelled)
    {
        long began = clock.GetTimestamp();
        _timer ??= clock.CreateTimer(
            static one => ((BodyReader)one!).GiveUp(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _timer.Change(_behindMax - _behind, Timeout.InfiniteTimeSpan);
        using CancellationTokenRegistration end =
            cancelled.UnsafeRegister(static body => ((PipeReader)body!).CancelPendingRead(), inner);
        ReadResult result;
        try
        {
            result = await reading;
        }
        finally
        {
            _timer.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        }

        if (cancelled.IsCancellationRequested || _isTooSlow)
        {
            inner.AdvanceTo(result.Buffer.Start);
            cancelled.ThrowIfCancellationRequested();
            throw new BadHttpRequestException(
                "The body has fallen too far behind.", StatusCodes.Status408RequestTimeout);
        }

        double came = result.Buffer.Length - _kept;
        TimeSpan allowed = TimeSpan.FromSeconds(came / limits.BodyBytesPerSecondMin);
        long behind = (_behind + clock.GetElapsedTime(began) - allowed).Ticks;
        _behind = TimeSpan.FromTicks(Math.Clamp(behind, 0, _behindMax.Ticks));
        _read = result.Buffer;
        return result;
    }

    private void GiveUp()
    {
        _isTooSlow = true;
        inner.CancelPendingRead();
    }
}

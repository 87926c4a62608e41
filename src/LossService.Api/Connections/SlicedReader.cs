using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;

namespace LossService.Api.Connections;

/// <summary>What arrives on a connection, for its server: in slices that keep one of its threads for a short while
/// each, and between them others have their turn (map: Turns on the server's threads).</summary>
/// <remarks>How many bytes are a short while is learned from the time between two reads: a megabyte that is copied, or
/// some kilobytes of chunks that hold a byte each. As any reader, for one reader at a time; CancelPendingRead may
/// come from any thread.</remarks>
/// <param name="inner">The transport's.</param>
/// <param name="clock">What a turn is measured by.</param>
/// <param name="cancelled">What cancels reads.</param>
/// <param name="halfClose">What hears that the server is told the end.</param>
internal sealed class SlicedReader(
    PipeReader inner, TimeProvider clock, CancelledReads cancelled, HalfClose halfClose) : PipeReader
{
    /// <summary>The least of a slice, however long it takes.</summary>
    public const int SliceBytesMin = 4 << 10;

    /// <summary>The first slice of a connection.</summary>
    public const int SliceBytesFirst = 64 << 10;

    /// <summary>The most of a slice, however quick it is.</summary>
    public const int SliceBytesMax = 1 << 20;

    /// <summary>How often in a second a connection that keeps a thread busy lets others have it.</summary>
    public const int TurnsPerSecond = 4000;

    private readonly long _turn = clock.TimestampFrequency / TurnsPerSecond;
    private long _turnBegan = clock.GetTimestamp();
    private long _given;
    private long _slice = SliceBytesFirst;
    private ReadOnlySequence<byte> _read;
    private bool _isCut;
    private long _kept; // seen but not consumed: the next slice is what comes behind it
    private bool _isGivenBack = true;
    private bool _isOver;

    /// <inheritdoc/>
    public override void AdvanceTo(SequencePosition consumed) => AdvanceTo(consumed, consumed);

    /// <inheritdoc/>
    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
    {
        if (_isOver)
        {
            return;
        }

        _isGivenBack = true;
        _kept = consumed.Equals(examined) ? 0 : _read.Slice(consumed, examined).Length;
        _read = default;
        inner.AdvanceTo(consumed, examined);
    }

    /// <inheritdoc/>
    public override void CancelPendingRead() => cancelled.Add(inner);

    /// <inheritdoc/>
    public override void Complete(Exception? exception = null) => inner.Complete(exception);

    /// <inheritdoc/>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public override async ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
    {
        if (!_isGivenBack && halfClose.IsTold)
        {
            // The server does not give back the end of a body that is cut off, and goes on reading. What is left of the
            // body must not become a request.
            _isOver = true;
            return new(default, isCanceled: false, isCompleted: true);
        }

        long now = clock.GetTimestamp();
        if (_isCut)
        {
            long fitting = _slice * _turn / Math.Max(1, now - _given);
            _slice = Math.Clamp(fitting, SliceBytesMin, Math.Min(2 * _slice, SliceBytesMax));
        }

        ValueTask<ReadResult> reading = inner.ReadAsync(cancellationToken);
        bool isThere = reading.IsCompleted;
        ReadResult result = await reading;
        bool isOver = now - _turnBegan > _turn;
        if (isThere && isOver)
        {
            // To the process's other threads, among them the one that hears of bytes; then to what waits for this.
            Thread.Yield();
            await Task.Yield();
        }

        if (!isThere || isOver)
        {
            _turnBegan = clock.GetTimestamp();
        }

        return Cut(result);
    }

    /// <inheritdoc/>
    public override bool TryRead(out ReadResult result)
    {
        bool isRead = inner.TryRead(out result);
        if (isRead)
        {
            result = Cut(result);
        }

        return isRead;
    }

    private ReadResult Cut(ReadResult all)
    {
        _given = clock.GetTimestamp();
        long length = _kept + _slice;
        _isCut = all.Buffer.Length > length;
        ReadResult slice = all.First(length);
        _read = slice.Buffer;
        _isGivenBack = false;
        return slice.IsCompleted ? TellEnd(slice) : slice;
    }

    // It is told by itself: the server takes a body for cut off that comes with the end, be it whole.
    private ReadResult TellEnd(ReadResult last)
    {
        if (last.Buffer.Length > _kept)
        {
            return new(last.Buffer, last.IsCanceled, isCompleted: false);
        }

        halfClose.Tell();
        return last;
    }
}

using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.Connections;

namespace LossService.Api.Connections;

/// <summary>What arrives on a connection, for its server: as it comes, until its frames have overdrawn their
/// budget. Then the next read waits, the transport's buffer fills, and so the sender waits, too.</summary>
/// <remarks>Frames count when the server has consumed them, so what it only looked at and sees again counts once.
/// It gets a piece at a time, and by no more than one is the budget overdrawn; pieces are short as long as
/// frames are many for their bytes, and grow with a body or where it takes nothing of them. A connection that does not
/// begin with the preface of HTTP/2 is passed through. As any reader, for one reader at a time; CancelPendingRead may
/// come from any thread.</remarks>
/// <param name="inner">The transport's, or that of TLS.</param>
/// <param name="budget">Of this connection.</param>
/// <param name="clock">What waiting is measured by.</param>
/// <param name="closed">Says that the client is gone.</param>
internal sealed class ThrottledReader(
    PipeReader inner, FrameBudget budget, TimeProvider clock, CancellationToken closed) : PipeReader
{
    /// <summary>The first piece, and all of those that hold many frames.</summary>
    public const int PieceBytesMin = 4 << 10;

    /// <summary>The most of a piece.</summary>
    public const int PieceBytesMax = 1 << 20;

    // Of fewer bytes for each frame that they count as, a body does not consist.
    private const int BytesPerFrame = 64;

    private readonly FrameMeter _meter = new();
    private volatile TaskCompletionSource _woken = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private ReadOnlySequence<byte> _read;
    private long _piece = PieceBytesMin;
    private bool _isReading; // until it says how far it came
    private bool _isComplete;
    private bool _isCutOff;

    /// <summary>What an ended connection leaves to the next one from its address, in the clock's ticks.</summary>
    public long Leave()
    {
        if (!_meter.IsHttp2)
        {
            return 0;
        }

        budget.Take(_isCutOff ? FrameMeter.CutOffPrice : FrameMeter.ConnectionPrice);
        return budget.Unpaid;
    }

    /// <inheritdoc/>
    public override void AdvanceTo(SequencePosition consumed) => AdvanceTo(consumed, consumed);

    /// <inheritdoc/>
    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
    {
        if (_meter.IsHttp2 && !_read.IsEmpty)
        {
            ReadOnlySequence<byte> taken = _read.Slice(_read.Start, consumed);
            long price = _meter.Count(taken);
            budget.Take(price);
            _piece = price * BytesPerFrame > taken.Length ? PieceBytesMin : Math.Min(2 * _piece, PieceBytesMax);
        }

        _read = default;
        _isReading = false;
        inner.AdvanceTo(consumed, examined);
    }

    /// <inheritdoc/>
    public override void CancelPendingRead()
    {
        inner.CancelPendingRead();
        _woken.TrySetResult();
    }

    /// <inheritdoc/>
    public override void Complete(Exception? exception = null)
    {
        if (!_isComplete)
        {
            _isComplete = true;
            _isCutOff = _meter.IsHttp2 && !closed.IsCancellationRequested && HasRest();
        }

        inner.Complete(exception);
    }

    /// <inheritdoc/>
    /// <exception cref="ConnectionResetException">The client went while it was held back: nobody would get what the rest
    /// of its frames ask for, and so nothing is spent on them.</exception>
    public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default) =>
        _meter.IsHttp2 ? ReadMeteredAsync(cancellationToken) : inner.ReadAsync(cancellationToken);

    /// <inheritdoc/>
    public override bool TryRead(out ReadResult result)
    {
        if (_meter.IsHttp2 && budget.Wait > TimeSpan.Zero)
        {
            result = default;
            return false;
        }

        _isReading = inner.TryRead(out result);
        result = Cut(result);
        return _isReading;
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<ReadResult> ReadMeteredAsync(CancellationToken cancelled)
    {
        TimeSpan wait = budget.Wait;
        if (wait > TimeSpan.Zero)
        {
            await HoldAsync(wait, cancelled);
        }

        _isReading = true;
        ReadResult result = await inner.ReadAsync(cancelled);
        if (result.IsCanceled)
        {
            _woken = new(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        return Cut(result);
    }

    private ReadResult Cut(ReadResult all)
    {
        ReadResult piece = _meter.IsHttp2 ? all.First(_piece) : all;
        _read = piece.Buffer;
        return piece;
    }

    // Whether more has come than the server took.
    private bool HasRest()
    {
        try
        {
            return _isReading ? !_read.IsEmpty : inner.TryRead(out ReadResult rest) && !rest.Buffer.IsEmpty;
        }
        catch (Exception gone) when (gone is IOException or OperationCanceledException)
        {
            return false;
        }
    }

    // No timer outlives it.
    private async Task HoldAsync(TimeSpan wait, CancellationToken cancelled)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(closed, cancelled);
        await Task.WhenAny(Task.Delay(wait, clock, over.Token), _woken.Task);
        await over.CancelAsync();
        cancelled.ThrowIfCancellationRequested();
        if (closed.IsCancellationRequested)
        {
            throw new ConnectionResetException("The client went while its frames were held back.");
        }
    }
}

using System.Buffers;
using System.IO.Pipelines;

namespace LossService.Tests.Faults;

/// <summary>A body that arrives some bytes at a time, as from a socket.</summary>
internal sealed class Inlet(byte[] body, int pieceBytes, Action? beforeRead) : PipeReader
{
    private int _start;
    private int _end;

    public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
    {
        beforeRead?.Invoke();
        cancellationToken.ThrowIfCancellationRequested();
        _end = (int)Math.Min(body.Length, _end + (long)pieceBytes);
        var bytes = new ReadOnlySequence<byte>(body, _start, _end - _start);
        return new(new ReadResult(bytes, isCanceled: false, isCompleted: _end == body.Length));
    }

    public override void AdvanceTo(SequencePosition consumed) => _start = consumed.GetInteger();

    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined) => AdvanceTo(consumed);

    // A deadline that passes before a read cancels it; no read of this body takes a while.
    public override void CancelPendingRead()
    {
    }

    public override void Complete(Exception? exception = null)
    {
    }

    public override bool TryRead(out ReadResult result) => throw new NotSupportedException();
}

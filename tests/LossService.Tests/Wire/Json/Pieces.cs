using System.Buffers;
using System.IO.Pipelines;
using Xunit;

namespace LossService.Tests.Wire.Json;

/// <summary>A body that arrives in given pieces, one more with every read, as from a slow network.</summary>
internal sealed class Pieces : PipeReader
{
    private readonly Queue<ReadOnlyMemory<byte>> _coming;
    private Piece? _first;
    private Piece? _last;
    private SequencePosition _start;
    private bool _reading;

    public Pieces(IEnumerable<ReadOnlyMemory<byte>> pieces) => _coming = new(pieces);

    /// <summary>What happens before the n-th read, for faults.</summary>
    public Action<int>? BeforeRead { get; init; }

    /// <summary>Ends every other read without anything new, as a server does that is asked to stop.</summary>
    public bool WakesReaders { get; init; }

    public int Reads { get; private set; }

    /// <summary>How many bytes all reads were given together; more than there are if some were left and given again.</summary>
    public long BytesHanded { get; private set; }

    public static Pieces Whole(byte[] body) => new([body]);

    public static Pieces Of(byte[] body, int size) =>
        new(Enumerable.Range(0, (body.Length + size - 1) / size)
            .Select(i => (ReadOnlyMemory<byte>)body.AsMemory(i * size, Math.Min(size, body.Length - (i * size)))));

    public static Pieces Random(byte[] body, Random random, int sizeMax)
    {
        var pieces = new List<ReadOnlyMemory<byte>>();
        for (int at = 0; at < body.Length;)
        {
            int size = Math.Min(random.Next(0, sizeMax + 1), body.Length - at);
            pieces.Add(body.AsMemory(at, size));
            at += size;
        }

        return new(pieces);
    }

    public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
    {
        Assert.False(_reading, "the last read was not advanced");
        BeforeRead?.Invoke(Reads++);
        cancellationToken.ThrowIfCancellationRequested();
        bool isWoken = WakesReaders && Reads % 2 == 1;
        if (!isWoken && _coming.TryDequeue(out ReadOnlyMemory<byte> piece))
        {
            _last = new(piece, _last);
            if (_first is null)
            {
                _first = _last;
                _start = new(_first, 0);
            }
        }

        _reading = true;
        ReadOnlySequence<byte> bytes = _first is null ? default : new ReadOnlySequence<byte>(
            (Piece)_start.GetObject()!, _start.GetInteger(), _last!, _last!.Memory.Length);
        BytesHanded += bytes.Length;
        return new(new ReadResult(bytes, isCanceled: isWoken, isCompleted: !isWoken && _coming.Count == 0));
    }

    public override void AdvanceTo(SequencePosition consumed) => AdvanceTo(consumed, consumed);

    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
    {
        Assert.True(_reading, "nothing was read");
        _reading = false;
        if (_first is not null)
        {
            _start = consumed;
        }
    }

    public override void CancelPendingRead() => throw new NotSupportedException();

    public override void Complete(Exception? exception = null)
    {
    }

    public override bool TryRead(out ReadResult result) => throw new NotSupportedException();

    private sealed class Piece : ReadOnlySequenceSegment<byte>
    {
        public Piece(ReadOnlyMemory<byte> memory, Piece? before)
        {
            Memory = memory;
            if (before is not null)
            {
                RunningIndex = before.RunningIndex + before.Memory.Length;
                before.Next = this;
            }
        }
    }
}

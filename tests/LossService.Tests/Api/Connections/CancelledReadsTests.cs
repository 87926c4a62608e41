using System.IO.Pipelines;
using LossService.Api.Connections;
using Xunit;

namespace LossService.Tests.Api.Connections;

/// <summary>How fast reads are cancelled, of which hundreds may come at once.</summary>
public sealed class CancelledReadsTests
{
    private readonly StandingClock _clock = new();

    [Theory]
    [InlineData(1, 1)]
    [InlineData(CancelledReads.Many - 1, CancelledReads.Many - 1)]
    [InlineData(2 * CancelledReads.Many, 1499)] // three at once, then two while a thousand wait
    public void Cancels_OfManyReads_ComeOverSomeTime(int many, int pauses)
    {
        var reads = new CancelledReads(_clock);
        Watched[] readers = [.. Enumerable.Range(0, many).Select(_ => new Watched())];
        Array.ForEach(readers, reads.Add);
        int before = 0;
        for (int pause = 0; pause < pauses; pause++)
        {
            _clock.Advance(CancelledReads.Pause);
            int cancelled = readers.Sum(reader => reader.Times);
            Assert.InRange(cancelled - before, 1, 1 + (many / CancelledReads.Many));
            before = cancelled;
        }

        Assert.All(readers, reader => Assert.Equal(1, reader.Times));
        Assert.Equal(0, _clock.Timers);
    }

    [Fact]
    public void Cancel_AfterARest_ComesAsSoonAsTheFirst()
    {
        var reads = new CancelledReads(_clock);
        var reader = new Watched();
        for (int times = 1; times < 10; times++)
        {
            reads.Add(reader);
            Assert.Equal(times - 1, reader.Times);
            _clock.Advance(CancelledReads.Pause);
            Assert.Equal(times, reader.Times);
        }
    }

    // Each would put off all others' pause, and so its own: a crowd that goes on would never see the end of it.
    [Fact]
    public void Cancel_AskedForDuringAPause_DoesNotPutItOff()
    {
        var reads = new CancelledReads(_clock);
        Watched[] readers = [new(), new(), new()];
        foreach (Watched reader in readers)
        {
            reads.Add(reader);
            _clock.Advance(CancelledReads.Pause / 2);
        }

        Assert.Equal([1, 0, 0], readers.Select(reader => reader.Times));
    }

    /// <summary>Counts how often it is cancelled, and is nothing else.</summary>
    private sealed class Watched : PipeReader
    {
        public int Times { get; private set; }

        public override void CancelPendingRead() => Times++;

        public override void AdvanceTo(SequencePosition consumed) => throw new NotSupportedException();

        public override void AdvanceTo(SequencePosition consumed, SequencePosition examined) => throw new NotSupportedException();

        public override void Complete(Exception? exception = null) => throw new NotSupportedException();

        public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default) => throw new NotSupportedException();

        public override bool TryRead(out ReadResult result) => throw new NotSupportedException();
    }
}

using System.Buffers;
using System.IO.Pipelines;
using LossService.Api.Connections;
using Xunit;

namespace LossService.Tests.Api.Connections;

/// <summary>How much of what has arrived a server gets at once, and when others come before the rest. Time stands still
/// unless a test lets it pass.</summary>
public sealed class SlicedReaderTests : IDisposable
{
    private const int First = SlicedReader.SliceBytesFirst;
    private const int Min = SlicedReader.SliceBytesMin;
    private const int Max = SlicedReader.SliceBytesMax;

    private static readonly TimeSpan Turn = TimeSpan.FromSeconds(1.0 / SlicedReader.TurnsPerSecond);

    private readonly StandingClock _clock = new();
    private readonly Pipe _pipe = new(new PipeOptions(
        readerScheduler: PipeScheduler.Inline, writerScheduler: PipeScheduler.Inline, pauseWriterThreshold: 0));

    private readonly HalfClose _halfClose = new(CancellationToken.None);
    private readonly SlicedReader _reader;

    public SlicedReaderTests() => _reader = new(_pipe.Reader, _clock, new CancelledReads(_clock), _halfClose);

    public void Dispose() => _halfClose.Dispose();

    [Fact]
    public async Task Slices_ThatAreQuick_DoubleUpToTheMost()
    {
        await SendAsync(8 * Max);
        for (int slice = First; slice < Max; slice *= 2)
        {
            Assert.Equal(slice, await TakeAsync(TimeSpan.Zero));
        }

        Assert.Equal(Max, await TakeAsync(TimeSpan.Zero));
        Assert.Equal(Max, await TakeAsync(TimeSpan.Zero));
    }

    [Fact]
    public async Task Slices_ThatTakeLong_ShrinkToWhatATurnHolds()
    {
        await SendAsync(8 * Max);
        Assert.Equal(First, await TakeAsync(4 * Turn));
        Assert.Equal(First / 4, await TakeAsync(Turn));
        Assert.Equal(First / 4, await TakeAsync(1000 * Turn));
        Assert.Equal(Min, await TakeAsync(Turn / 4));
        Assert.Equal(2 * Min, await TakeAsync(Turn));
    }

    // What the server looked at and wants more of, such as a head that has not ended, comes again with as much behind it.
    [Fact]
    public async Task Slice_ThatIsNotConsumed_ComesAgainWithMore()
    {
        await SendAsync(8 * Max);
        Assert.Equal(First, await TakeAsync(1000 * Turn));
        for (int length = Min; length < 20 * Min; length += Min)
        {
            ReadResult read = await ReadAsync();
            Assert.Equal(length, read.Buffer.Length);
            _clock.Advance(1000 * Turn);
            _reader.AdvanceTo(read.Buffer.Start, read.Buffer.End);
        }
    }

    // A pipe forbids to look at less than before.
    [Fact]
    public async Task Whole_ThatIsNotConsumed_ComesAgainWithMore()
    {
        await SendAsync(First + 1);
        Assert.Equal(First, await TakeAsync(1000 * Turn));
        Assert.Equal(1, await TakeAsync(TimeSpan.Zero));
        int sent = 0;
        for (int turn = 0; turn < 20; turn++)
        {
            int more = Min - 1;
            await SendAsync(more);
            ReadResult read = await ReadAsync();
            Assert.Equal(sent += more, read.Buffer.Length);
            _reader.AdvanceTo(read.Buffer.Start, read.Buffer.End);
        }
    }

    [Fact]
    public async Task Read_WhenATurnIsOver_LetsOthersPass()
    {
        await SendAsync(4 * First);
        await TakeAsync(Turn);
        Assert.False(LetsPass(), "A turn is not over before its time.");
        _clock.Advance(Turn / 2);
        Assert.True(LetsPass());
        Assert.False(LetsPass(), "The next turn begins behind it.");
    }

    // Bytes that had to be waited for begin a turn, however long that was.
    [Fact]
    public async Task Read_ThatWaited_BeginsATurn()
    {
        Task<ReadResult> waiting = ReadAsync();
        _clock.Advance(1000 * Turn);
        await SendAsync(100);
        _reader.AdvanceTo((await waiting).Buffer.GetPosition(1));
        Assert.False(LetsPass());
    }

    // With the last bytes of a body, its server would take them for cut off.
    [Fact]
    public async Task End_IsToldBehindTheLastBytes()
    {
        await SendAsync(First + 10);
        await _pipe.Writer.CompleteAsync();
        foreach (int slice in (int[])[First, 10])
        {
            ReadResult read = await ReadAsync();
            Assert.Equal((slice, false), (read.Buffer.Length, read.IsCompleted));
            _reader.AdvanceTo(read.Buffer.End);
        }

        Assert.False(_halfClose.IsTold);
        Assert.True(_reader.TryRead(out ReadResult end));
        Assert.Equal((0, true), (end.Buffer.Length, end.IsCompleted));
        Assert.True(_halfClose.IsTold);
    }

    [Fact]
    public async Task End_BehindBytesThatAreNotEnough_IsToldOnceTheyWereSeen()
    {
        await SendAsync(10);
        await _pipe.Writer.CompleteAsync();
        ReadResult read = await ReadAsync();
        Assert.False(read.IsCompleted);
        _reader.AdvanceTo(read.Buffer.GetPosition(4), read.Buffer.End);
        read = await ReadAsync();
        Assert.Equal((6, true), (read.Buffer.Length, read.IsCompleted));
    }

    [Fact]
    public async Task PendingRead_IsCancelledAsItsPipesOwn()
    {
        Task<ReadResult> waiting = ReadAsync();
        _reader.CancelPendingRead();
        Assert.False(waiting.IsCompleted); // with all that are cancelled, a few at a time
        _clock.Advance(CancelledReads.Pause);
        ReadResult read = await waiting;
        Assert.True(read.IsCanceled);
        _reader.AdvanceTo(read.Buffer.Start);
        await SendAsync(2 * First);
        _reader.CancelPendingRead();
        _clock.Advance(CancelledReads.Pause);
        read = await ReadAsync();
        Assert.Equal((First, true), (read.Buffer.Length, read.IsCanceled));
    }

    // Whatever its server does with it, the bytes are those that were sent.
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Bytes_HoweverTheyAreTaken_AreThoseSent(int seed)
    {
        var random = new Random(seed);
        byte[] sent = new byte[4 * Max];
        random.NextBytes(sent);
        var taken = new ArrayBufferWriter<byte>();
        int at = 0;
        while (taken.WrittenCount < sent.Length)
        {
            int length = Math.Min(random.Next(3 * First), sent.Length - at);
            await _pipe.Writer.WriteAsync(sent.AsMemory(at, length));
            at += length;
            if (at == sent.Length)
            {
                await _pipe.Writer.CompleteAsync();
            }

            while (taken.WrittenCount < sent.Length && _reader.TryRead(out ReadResult read))
            {
                SequencePosition consumed = read.Buffer.GetPosition(random.NextInt64(read.Buffer.Length + 1));
                taken.Write(read.Buffer.Slice(0, consumed).ToArray());
                _clock.Advance(random.NextDouble() * 3 * Turn);
                _reader.AdvanceTo(consumed, read.Buffer.End);
            }
        }

        Assert.Equal(sent, taken.WrittenSpan.ToArray());
    }

    [Fact]
    public void Reads_OfWhatIsThere_AllocateNothing()
    {
        byte[] data = new byte[1000];
        Assert.Equal(0, ReadsOf.LeastAllocated(_pipe.Writer, _reader, data));
    }

    // True when the read had somebody else come first.
    private bool LetsPass()
    {
        SynchronizationContext? outer = SynchronizationContext.Current;
        var others = new Others();
        SynchronizationContext.SetSynchronizationContext(others);
        Task<ReadResult> reading = ReadAsync();
        SynchronizationContext.SetSynchronizationContext(outer);
        bool isWaiting = !reading.IsCompleted;
        others.End();
        Assert.True(reading.IsCompleted);
        _reader.AdvanceTo(reading.Result.Buffer.Start);
        return isWaiting;
    }

    private Task<ReadResult> ReadAsync() => _reader.ReadAsync().AsTask();

    private async Task SendAsync(int length) => await _pipe.Writer.WriteAsync(new byte[length]);

    // Takes a slice, which takes its time.
    private async Task<long> TakeAsync(TimeSpan time)
    {
        ReadResult read = await ReadAsync();
        long length = read.Buffer.Length;
        _clock.Advance(time);
        _reader.AdvanceTo(read.Buffer.End);
        return length;
    }

    // What waits for the thread besides the reader is over when the test says so.
    private sealed class Others : SynchronizationContext
    {
        private (SendOrPostCallback Callback, object? State)? _waiting;

        public override void Post(SendOrPostCallback d, object? state) => _waiting = (d, state);

        public void End() => _waiting?.Callback(_waiting?.State);
    }
}

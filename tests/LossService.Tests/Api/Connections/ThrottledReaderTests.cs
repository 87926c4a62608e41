using System.Buffers;
using System.IO.Pipelines;
using LossService.Api;
using LossService.Api.Connections;
using Microsoft.AspNetCore.Connections;
using Xunit;

namespace LossService.Tests.Api.Connections;

/// <summary>When a read of a connection is held back, and what ends that. Time stands still unless a test lets it
/// pass.</summary>
public sealed class ThrottledReaderTests : IDisposable
{
    private const int Rate = 1000;
    private const int Burst = 2000;

    private readonly StandingClock _clock = new();
    private readonly CancellationTokenSource _closed = new();
    private readonly Pipe _pipe = new(new PipeOptions(
        readerScheduler: PipeScheduler.Inline, writerScheduler: PipeScheduler.Inline, pauseWriterThreshold: 0));

    private readonly ThrottledReader _reader;

    public ThrottledReaderTests()
    {
        var limits = new Limits { FramesPerSecondMax = Rate, FrameBurstMax = Burst };
        _reader = new(_pipe.Reader, new FrameBudget(limits, _clock), _clock, _closed.Token);
    }

    public void Dispose() => _closed.Dispose();

    [Fact]
    public async Task Read_OfWhatTheBudgetAllows_IsNotHeld()
    {
        await SendAsync([.. Frame.Preface, .. Pings(Burst / FrameMeter.ControlPrice)]);
        await TakeAllAsync();
        await SendAsync(Pings(1));
        await TakeAllAsync();
        Assert.Equal(0, _clock.TimersEver);
    }

    [Fact]
    public async Task Read_AfterMore_IsHeldUntilTheBudgetIsEven()
    {
        Task<ReadResult> held = await OverdrawAsync(pings: 5);
        Assert.Equal(1, _clock.Timers);
        _clock.Advance(TimeSpan.FromMilliseconds(499));
        Assert.False(held.IsCompleted);
        _clock.Advance(TimeSpan.FromMilliseconds(1));
        ReadResult read = await held.WaitAsync(TimeSpan.FromMinutes(1));
        Assert.Equal(17, read.Buffer.Length);
        Assert.Equal((0, 1), (_clock.Timers, _clock.TimersEver));

        // An hour's rest is worth no more than a full bucket.
        _reader.AdvanceTo(read.Buffer.End);
        _clock.Advance(TimeSpan.FromHours(1));
        await SendAsync(Pings(Burst / FrameMeter.ControlPrice));
        await TakeAllAsync();
        await SendAsync(Pings(2));
        await TakeAllAsync();
        await SendAsync(Pings(1));
        Assert.False(_reader.TryRead(out _));
        Assert.False(ReadAsync().IsCompleted);
    }

    // In two blocks, and a server that takes a byte at a time and looks at all.
    [Fact]
    public async Task Bytes_LookedAtButNotConsumed_CountOnce()
    {
        byte[] flood = [.. Frame.Preface, .. Pings(Burst / FrameMeter.ControlPrice), .. Pings(1)];
        int whole = flood.Length - 17 + 5; // the price of the last is known once its flags are
        await SendAsync(flood[..100]);
        ReadResult read = await ReadAsync();
        _reader.AdvanceTo(read.Buffer.Start, read.Buffer.End);
        await SendAsync(flood[100..]);
        for (int consumed = 0; consumed < whole; consumed++)
        {
            Assert.True(_reader.TryRead(out read), $"held after {consumed} bytes");
            Assert.Equal(flood.Length - consumed, read.Buffer.Length);
            _reader.AdvanceTo(read.Buffer.GetPosition(1));
        }

        Assert.False(_reader.TryRead(out _));
    }

    [Fact]
    public async Task Held_WhenTheClientGoes_EndsAndSpendsNothingOnTheRest()
    {
        Task<ReadResult> held = await OverdrawAsync(pings: 5);
        await _closed.CancelAsync();
        await Assert.ThrowsAsync<ConnectionResetException>(() => held.WaitAsync(TimeSpan.FromMinutes(1)));
        await Assert.ThrowsAsync<ConnectionResetException>(() => ReadAsync());
        Assert.Equal(0, _clock.Timers);
    }

    [Fact]
    public async Task Read_OfAClientThatWentWithoutDebt_BringsWhatHeSent()
    {
        await SendAsync([.. Frame.Preface, .. Pings(1)]);
        await _closed.CancelAsync();
        await _pipe.Writer.CompleteAsync();
        ReadResult read = await ReadAsync();
        Assert.Equal(24 + 17, read.Buffer.Length);
        _reader.AdvanceTo(read.Buffer.End);
        Assert.True((await ReadAsync()).IsCompleted);
    }

    [Fact]
    public async Task Held_WhenTheServerCancels_EndsAndTheNextIsHeldAgain()
    {
        Task<ReadResult> held = await OverdrawAsync(pings: 5);
        for (int turn = 0; turn < 3; turn++)
        {
            _reader.CancelPendingRead();
            ReadResult read = await held.WaitAsync(TimeSpan.FromMinutes(1));
            Assert.True(read.IsCanceled);
            _reader.AdvanceTo(read.Buffer.Start);
            Assert.Equal(0, _clock.Timers);
            held = ReadAsync();
            Assert.False(held.IsCompleted);
            Assert.Equal(1, _clock.Timers);
        }
    }

    [Fact]
    public async Task Held_WhenItsTokenIsCancelled_EndsAndLeavesNoTimer()
    {
        using var token = new CancellationTokenSource();
        Task<ReadResult> held = await OverdrawAsync(pings: 5, token.Token);
        await token.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => held);
        Assert.Equal(0, _clock.Timers);
        Assert.False(_reader.TryRead(out _));
        _clock.Advance(TimeSpan.FromSeconds(1));
        Assert.True(_reader.TryRead(out ReadResult read));
        Assert.Equal(17, read.Buffer.Length);
    }

    [Fact]
    public async Task Bytes_OfAnotherProtocol_Pass()
    {
        for (int turn = 0; turn < 2; turn++)
        {
            await SendAsync([.. "GET / HTTP/1.1\r\n"u8, .. Pings(1000)]);
            await TakeAllAsync();
        }

        Assert.Equal(0, _clock.TimersEver);
        await _reader.CompleteAsync();
        Assert.Equal(0, _reader.Leave()); // its connections, each a request's, are not those of a flood of frames
    }

    [Fact]
    public async Task Reads_WithinTheBudget_AllocateNothing()
    {
        byte[] data = Frame.Of(Frame.Data, 0, 1, new byte[1000]);
        await SendAsync([.. Frame.Preface]);
        await TakeAllAsync();
        Assert.Equal(0, ReadsOf.LeastAllocated(_pipe.Writer, _reader, data));
        Assert.Equal(0, _clock.TimersEver);
    }

    // All of it is there at once; by no more than a piece is the budget overdrawn.
    [Fact]
    public async Task Flood_ThatWaits_ComesInShortPieces()
    {
        await SendAsync([.. Frame.Preface, .. Pings(4000)]);
        for (int pieces = 0; pieces < 2; pieces++)
        {
            ReadResult read = await ReadAsync();
            Assert.Equal(ThrottledReader.PieceBytesMin, read.Buffer.Length);
            _reader.AdvanceTo(read.Buffer.End);
            _clock.Advance(TimeSpan.FromMinutes(1));
        }
    }

    [Fact]
    public async Task Body_ThatWaits_ComesInPiecesThatGrow()
    {
        await SendAsync([.. Frame.Preface, .. Bodies(100)]);
        List<long> pieces = [];
        for (long left = 24 + (100 * 16_393); left > 0; left -= pieces[^1])
        {
            ReadResult read = await ReadAsync();
            pieces.Add(read.Buffer.Length);
            _reader.AdvanceTo(read.Buffer.End);
        }

        Assert.Equal([4096, 8192, 16_384, 32_768], pieces[..4]);
        Assert.Equal(9, pieces.Count);
        Assert.Equal(0, _clock.TimersEver);
    }

    [Fact]
    public async Task Piece_SeenButNotConsumed_ComesAgainWithMore()
    {
        await SendAsync([.. Frame.Preface, .. Bodies(2)]);
        ReadResult read = await ReadAsync();
        _reader.AdvanceTo(read.Buffer.GetPosition(24), read.Buffer.End);
        long seen = read.Buffer.Length - 24;
        Assert.True(_reader.TryRead(out read));
        Assert.True(read.Buffer.Length > seen);
    }

    [Fact]
    public async Task Leave_AfterTheServerCutItOff_IsDearer()
    {
        await SendAsync([.. Frame.Preface]);
        await TakeAllAsync();
        await SendAsync([.. Pings(1)]);
        await _reader.CompleteAsync();
        await _reader.CompleteAsync(); // as a server may
        Assert.Equal(FrameMeter.CutOffPrice / Rate, TimeSpan.FromTicks(_reader.Leave()).TotalSeconds);
    }

    [Theory]
    [InlineData("nothing is left")]
    [InlineData("somebody reads")]
    [InlineData("the client is gone")]
    [InlineData("the connection broke")]
    [InlineData("its end was seen")]
    public async Task Leave_OfAnyOther_IsAConnections(string why)
    {
        await SendAsync([.. Frame.Preface]);
        await TakeAllAsync();
        Task<ReadResult>? reading = why == "somebody reads" ? ReadAsync() : null;
        if (why == "the client is gone")
        {
            await SendAsync([.. Pings(1)]);
            await _closed.CancelAsync();
        }
        else if (why == "the connection broke")
        {
            await _pipe.Writer.CompleteAsync(new ConnectionResetException("broken"));
        }
        else if (why == "its end was seen")
        {
            await _pipe.Writer.CompleteAsync();
            Assert.True((await ReadAsync()).IsCompleted); // a server does not say how far it came then
        }

        await _reader.CompleteAsync();
        Assert.Equal(FrameMeter.ConnectionPrice / (double)Rate, TimeSpan.FromTicks(_reader.Leave()).TotalSeconds);
        Assert.True(reading?.IsCompleted != true);
    }

    private static byte[] Bodies(int count) =>
        [.. Enumerable.Repeat(Frame.Of(Frame.Data, 0, 1, new byte[1 << 14]), count).SelectMany(body => body)];

    private static byte[] Pings(int count) =>
        [.. Enumerable.Repeat(Frame.Of(Frame.Ping, 0, 0, new byte[8]), count).SelectMany(ping => ping)];

    private Task<ReadResult> ReadAsync(CancellationToken cancelled = default) => _reader.ReadAsync(cancelled).AsTask();

    private async Task SendAsync(byte[] bytes) => await _pipe.Writer.WriteAsync(bytes);

    private async Task TakeAllAsync()
    {
        Task<ReadResult> reading = ReadAsync();
        Assert.True(reading.IsCompleted);
        ReadResult read = await reading;
        _reader.AdvanceTo(read.Buffer.End);
    }

    // Uses all of the burst and more, with one ping waiting behind.
    private async Task<Task<ReadResult>> OverdrawAsync(int pings, CancellationToken cancelled = default)
    {
        await SendAsync([.. Frame.Preface, .. Pings((Burst / FrameMeter.ControlPrice) + pings)]);
        await TakeAllAsync();
        await SendAsync(Pings(1));
        Task<ReadResult> held = ReadAsync(cancelled);
        Assert.False(held.IsCompleted);
        return held;
    }
}

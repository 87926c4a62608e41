using System.IO.Pipelines;
using LossService.Api;
using LossService.Api.Admission;
using LossService.Tests.Api.Connections;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace LossService.Tests.Api;

/// <summary>How long a body is waited for, and that a read that is given up leaves its pipe whole.</summary>
public sealed class BodyReaderTests : IDisposable
{
    private const int Rate = 1000;

    private static readonly TimeSpan BehindMax = TimeSpan.FromSeconds(30);

    private readonly StandingClock _clock = new();
    private readonly Pipe _pipe = new(new PipeOptions(pauseWriterThreshold: 0));
    private readonly BodyReader _body;

    public BodyReaderTests() =>
        _body = new(_pipe.Reader, new Limits { StallSecondsMax = 30, BodyBytesPerSecondMin = Rate }, _clock);

    public void Dispose() => _body.Dispose();

    [Theory]
    [InlineData(1)]
    [InlineData(1_000_000)]
    public async Task Sender_ThatRests_IsGivenUpWhateverHeSentBefore(int before)
    {
        await TakeAsync(before);
        ValueTask<ReadResult> reading = _body.ReadAsync(default);
        _clock.Advance(BehindMax - TimeSpan.FromTicks(1));
        Assert.False(reading.IsCompleted);
        _clock.Advance(TimeSpan.FromTicks(1));
        BadHttpRequestException slow = await Assert.ThrowsAsync<BadHttpRequestException>(async () => await reading);
        Assert.Equal(StatusCodes.Status408RequestTimeout, slow.StatusCode);
        await AssertStillReadsAsync();
    }

    // A byte from time to time is not enough: he falls behind by nearly all of the time between.
    [Fact]
    public async Task Sender_ThatDrips_IsGivenUpOnceHeIsTooFarBehind()
    {
        for (int second = 0; second < 20; second += 10)
        {
            ValueTask<ReadResult> reading = _body.ReadAsync(default);
            _clock.Advance(TimeSpan.FromSeconds(10));
            await ArriveAsync(1, reading);
        }

        ValueTask<ReadResult> last = _body.ReadAsync(default);
        _clock.Advance(TimeSpan.FromSeconds(10));
        Assert.False(last.IsCompleted); // the two bytes count for two milliseconds
        _clock.Advance(TimeSpan.FromSeconds(2.0 / Rate));
        await Assert.ThrowsAsync<BadHttpRequestException>(async () => await last);
    }

    [Fact]
    public async Task Sender_ThatKeepsTheRate_MayTakeAnyTime()
    {
        for (int second = 0; second < 100; second += 10)
        {
            ValueTask<ReadResult> reading = _body.ReadAsync(default);
            _clock.Advance(TimeSpan.FromSeconds(10));
            await ArriveAsync(10 * Rate, reading);
        }

        Assert.Equal(0, _clock.Timers);
    }

    // Bytes that were seen and kept count once.
    [Fact]
    public async Task Bytes_ThatAreKept_CountOnce()
    {
        await _pipe.Writer.WriteAsync(new byte[40 * Rate]);
        ReadResult all = await _body.ReadAsync(default);
        _body.AdvanceTo(all.Buffer.Start, all.Buffer.End);
        ValueTask<ReadResult> reading = _body.ReadAsync(default);
        _clock.Advance(TimeSpan.FromSeconds(20));
        await _pipe.Writer.WriteAsync(new byte[1]);
        all = await reading;
        _body.AdvanceTo(all.Buffer.Start, all.Buffer.End);
        reading = _body.ReadAsync(default);
        _clock.Advance(TimeSpan.FromSeconds(11));
        await Assert.ThrowsAsync<BadHttpRequestException>(async () => await reading);
    }

    [Fact]
    public async Task Read_ThatIsCancelled_LeavesThePipeWhole()
    {
        using var source = new CancellationTokenSource();
        ValueTask<ReadResult> reading = _body.ReadAsync(source.Token);
        await source.CancelAsync();
        await Assert.ThrowsAsync<OperationCanceledException>(async () => await reading);
        Assert.Equal(0, _clock.Timers);
        await AssertStillReadsAsync();
    }

    private async Task TakeAsync(int bytes)
    {
        await _pipe.Writer.WriteAsync(new byte[bytes]);
        ReadResult result = await _body.ReadAsync(default);
        _body.AdvanceTo(result.Buffer.End);
    }

    private async Task ArriveAsync(int bytes, ValueTask<ReadResult> reading)
    {
        await _pipe.Writer.WriteAsync(new byte[bytes]);
        ReadResult result = await reading;
        Assert.Equal(bytes, result.Buffer.Length);
        _body.AdvanceTo(result.Buffer.End);
    }

    private async Task AssertStillReadsAsync()
    {
        await _pipe.Writer.WriteAsync(new byte[3]);
        Assert.Equal(3, (await _pipe.Reader.ReadAsync()).Buffer.Length);
    }
}

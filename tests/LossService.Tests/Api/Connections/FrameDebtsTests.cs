using System.Net;
using LossService.Api;
using LossService.Api.Connections;
using Xunit;

namespace LossService.Tests.Api.Connections;

/// <summary>What ended connections leave to the next ones from their address. Time stands still unless a test lets it
/// pass.</summary>
public sealed class FrameDebtsTests
{
    private static readonly IPEndPoint Here = new(IPAddress.Loopback, 1);

    private readonly StandingClock _clock = new();
    private readonly FrameDebts _debts;

    public FrameDebtsTests() => _debts = new(_clock);

    [Fact]
    public void Debts_OfOneAddress_AddUpAndArePaidByTime()
    {
        Assert.Equal(TimeSpan.Zero, Wait(Here));
        _debts.Add(Here, 5 * TimeSpan.TicksPerSecond);
        _debts.Add(new IPEndPoint(Here.Address, 2), 5 * TimeSpan.TicksPerSecond);
        Assert.Equal(TimeSpan.FromSeconds(10), Wait(Here));
        _clock.Advance(TimeSpan.FromSeconds(4));
        Assert.Equal(TimeSpan.FromSeconds(6), Wait(Here));
        _clock.Advance(TimeSpan.FromHours(1));
        _debts.Add(Here, 3);
        Assert.Equal(3, Wait(Here).Ticks);
    }

    [Fact]
    public void Debts_WithoutEnd_AreAMinute()
    {
        for (int turn = 0; turn < 100; turn++)
        {
            _debts.Add(Here, 5 * TimeSpan.TicksPerSecond);
        }

        Assert.Equal(TimeSpan.FromMinutes(1), Wait(Here));
    }

    [Theory]
    [InlineData("127.0.0.1", "::ffff:127.0.0.1")]
    [InlineData("2001:db8::1", "2001:db8::2:0:0:3")]
    public void Debts_OfAnAddressOrNetwork_AreThoseOfAllItsNames(string one, string other)
    {
        _debts.Add(At(one), TimeSpan.TicksPerSecond);
        Assert.Equal(TimeSpan.FromSeconds(1), Wait(At(other)));
    }

    // Of three, since two may share a slot now and then.
    [Theory]
    [InlineData("10.0.0.1", "10.0.0.2", "10.1.0.1", "11.0.0.1")]
    [InlineData("2001:db8::1", "2001:db8:0:1::1", "2001:db8:1::1", "2001:db9::1")]
    [InlineData("::1", "0.0.0.1", "127.0.0.1", "1.0.0.0")]
    public void Debts_OfOthers_AreTheirs(string one, params string[] others)
    {
        _debts.Add(At(one), TimeSpan.TicksPerSecond);
        Assert.Contains(others, other => Wait(At(other)) == TimeSpan.Zero);
    }

    [Fact]
    public async Task Debts_AddedAtTheSameTime_AreAllThere()
    {
        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() =>
        {
            for (int turn = 0; turn < 10_000; turn++)
            {
                _debts.Add(Here, 2);
            }
        })));
        Assert.Equal(160_000, Wait(Here).Ticks);
    }

    [Fact]
    public void Debts_OfASocketOfTheFileSystem_AreNobodys()
    {
        var socket = new System.Net.Sockets.UnixDomainSocketEndPoint("/x");
        _debts.Add(socket, 1000);
        Assert.Equal(TimeSpan.Zero, Wait(socket));
        Assert.Equal(TimeSpan.Zero, Wait(null));
    }

    [Fact]
    public void Budget_OfTheNext_BeginsWithWhatIsOwed()
    {
        var limits = new Limits { FramesPerSecondMax = 1000, FrameBurstMax = 2000 };
        var first = new FrameBudget(limits, _clock, _debts.EvenAt(Here));
        first.Take(3000);
        Assert.Equal(TimeSpan.FromSeconds(1), first.Wait);
        _debts.Add(Here, first.Unpaid);

        var next = new FrameBudget(limits, _clock, _debts.EvenAt(Here));
        Assert.Equal((TimeSpan.FromSeconds(1), 0), (next.Wait, next.Unpaid));
        next.Take(500);
        Assert.Equal(TimeSpan.FromSeconds(0.5).Ticks, next.Unpaid);
        _clock.Advance(TimeSpan.FromSeconds(3.25));
        Assert.Equal(TimeSpan.FromSeconds(0.25).Ticks, next.Unpaid);
        _clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(0, next.Unpaid);
    }

    private static IPEndPoint At(string address) => new(IPAddress.Parse(address), 1);

    private TimeSpan Wait(EndPoint? who)
    {
        TimeSpan wait = _clock.GetElapsedTime(_clock.GetTimestamp(), _debts.EvenAt(who));
        return wait > TimeSpan.Zero ? wait : TimeSpan.Zero;
    }
}

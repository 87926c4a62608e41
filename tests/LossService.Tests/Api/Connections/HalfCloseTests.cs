using LossService.Api.Connections;
using Xunit;

namespace LossService.Tests.Api.Connections;

/// <summary>When a client that sends nothing more counts as having left.</summary>
public sealed class HalfCloseTests : IDisposable
{
    private readonly CancellationTokenSource _ended = new();
    private readonly HalfClose _connection;

    public HalfCloseTests() => _connection = new(_ended.Token);

    private bool HasLeft => _connection.Left.IsCancellationRequested;

    public void Dispose()
    {
        _connection.Dispose();
        _ended.Dispose();
    }

    [Fact]
    public void Client_ThatEndsWhileNothingLargeIsWorkedOn_HasNotLeft()
    {
        _connection.Begin().Dispose();
        _ended.Cancel();
        Assert.False(HasLeft);
    }

    [Fact]
    public void Client_ThatEndedAWhileAgo_HasLeft()
    {
        _ended.Cancel();
        Assert.False(HasLeft);
        Assert.True(SpinWait.SpinUntil(() => HasLeft, TimeSpan.FromSeconds(20)));
    }

    [Fact]
    public void Client_ThatEndsDuringALargeRequest_HasLeft()
    {
        using HalfClose.LargeRequest large = _connection.Begin();
        Assert.False(HasLeft);
        _ended.Cancel();
        Assert.True(HasLeft);
    }

    [Fact]
    public void Client_ThatHasEndedWhenALargeRequestBegins_HasLeft()
    {
        _ended.Cancel();
        using HalfClose.LargeRequest large = _connection.Begin();
        Assert.True(HasLeft);
    }

    [Fact]
    public void Client_ThatEndsDuringOneOfTwoLargeRequests_HasLeft()
    {
        using HalfClose.LargeRequest first = _connection.Begin();
        _connection.Begin().Dispose();
        _ended.Cancel();
        Assert.True(HasLeft);
    }

    [Fact]
    public void LargeRequest_OfAConnectionWithoutThis_CanBeDisposed() => default(HalfClose.LargeRequest).Dispose();
}

using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using LossService.Api.Admission;
using LossService.Engine;
using LossService.Engine.Numerics;
using LossService.Tests.Faults;
using LossService.Wire.Safetensors;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace LossService.Tests.Api;

/// <summary>What admission tells whoever listens to it: who waits, how long, and who was refused.</summary>
public sealed class AdmissionMetricsTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private static readonly Call Large = Bodies.Safetensors(300, 300);

    [Fact]
    public async Task QueueTime_OfARequestThatWaits_IsRecordedAndThatOfASmallOneIsNot()
    {
        using var instance = new Instance(Catalogue.All);
        using var heard = new Heard(instance.Services, AdmissionMetrics.MeterName);
        Assert.Equal(200, (await instance.SendAsync(Bodies.Nested(3, 4))).Status);
        Assert.Empty(heard.Measured(AdmissionMetrics.QueueTime));
        Assert.Equal(200, (await instance.SendAsync(Large)).Status);
        (double seconds, string tags) = Assert.Single(heard.Measured(AdmissionMetrics.QueueTime));
        Assert.InRange(seconds, 0, Patience.TotalSeconds);
        Assert.Equal("", tags);
    }

    [Fact]
    public async Task QueuedRequests_WhileThreadsAreTaken_AreThoseWhoWait()
    {
        using var instance = new Instance(Catalogue.All, ("ComputeThreadsMax", "1"));
        using var heard = new Heard(instance.Services, AdmissionMetrics.MeterName);
        ComputeThreads threads = instance.Services.GetRequiredService<ComputeThreads>();
        using var open = new ManualResetEventSlim();
        using Turn turn = threads.Open(new SafetensorsCodec(), 1, null);
        turn.Post(_ => open.Wait(Patience), null);

        Task<Reply>[] waiting = [.. Enumerable.Range(0, 3).Select(_ => Task.Run(() => instance.SendAsync(Large)))];
        Assert.True(SpinWait.SpinUntil(() => heard.Now(AdmissionMetrics.Queued) == 3, Patience));
        open.Set();
        Assert.All(await Task.WhenAll(waiting), reply => Assert.Equal(200, reply.Status));
        Assert.Equal(0, heard.Now(AdmissionMetrics.Queued));
        Assert.Equal(3, heard.Measured(AdmissionMetrics.QueueTime).Count);
    }

    [Fact]
    public async Task RefusedRequests_OfEachKind_AreCountedByTheirCode()
    {
        using var instance = new Instance(Catalogue.All, ("QueueMillisecondsMax", "1"), ("ComputeThreadsMax", "1"));
        using var heard = new Heard(instance.Services, AdmissionMetrics.MeterName);
        ComputeThreads threads = instance.Services.GetRequiredService<ComputeThreads>();
        Assert.Equal(504, (await instance.SendAsync(Large with { TimeLeft = 0 })).Status);
        Assert.Equal(["error.type=timeout"], Refusals(heard));

        instance.BeforeRent = _ => throw new PoolExhaustedException(1);
        Assert.Equal(429, (await instance.SendAsync(Bodies.Nested(3, 4))).Status);
        instance.BeforeRent = null;
        Assert.Equal(["error.type=overloaded", "error.type=timeout"], Refusals(heard));

        using var open = new ManualResetEventSlim();
        // Twenty as long as the request: it would wait twenty times as long as it may.
        long price = Price.OfBody(Catalogue.Find(Large.Loss)!, new SafetensorsCodec(), Large.Body.Length);
        Turn[] turns = [.. Enumerable.Range(0, 20).Select(_ => threads.Open(new SafetensorsCodec(), price, null))];
        Array.ForEach(turns, turn => turn.Post(_ => open.Wait(Patience), null));
        Reply refused = await instance.SendAsync(Large);
        open.Set();
        Assert.Equal(429, refused.Status);
        Assert.True(SpinWait.SpinUntil(() => !turns.Any(turn => turn.IsRunnable), Patience));
        Assert.Equal(["error.type=overloaded", "error.type=overloaded", "error.type=timeout"], Refusals(heard));

        Assert.Equal(422, (await instance.SendAsync(Call.Of("mse_loss", """{"predictions":[1],"targets":[1,2]}"""))).Status);
        Assert.Equal(3, Refusals(heard).Count); // a caller's mistake is no refusal
    }

    [Fact]
    public async Task RefusedRequests_WhoseTimeEndsWhileTheyAreComputed_AreCounted()
    {
        using var instance = new Instance([FakeLoss.Slow]);
        using var heard = new Heard(instance.Services, AdmissionMetrics.MeterName);
        Call endless = Call.Of(FakeLoss.Slow.Card.Name, """{"predictions":[1,2,3]}""") with { TimeLeft = 100 };
        Assert.Equal(504, (await instance.SendAsync(endless)).Status);
        Assert.Equal(["error.type=timeout"], Refusals(heard));
    }

    private static IReadOnlyList<string> Refusals(Heard heard) =>
        [.. heard.Measured(AdmissionMetrics.Refused).Select(one => one.Tags).Order(StringComparer.Ordinal)];
}

using System.Collections.Concurrent;
using System.Net;
using LossService.Api.Admission;
using LossService.Engine;
using LossService.Tests.Faults;
using LossService.Wire.Safetensors;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace LossService.Tests.Api;

/// <content>What one caller's requests cost another's.</content>
public sealed partial class AdmissionTests
{
    // Two of his are behind each other, and so is one of the flood in between.
    [Fact]
    public void Caller_BesideOneWhoSentManyBefore_ComesWhenHeWouldInTurns()
    {
        using var threads = new ComputeThreads(1);
        Gate gate = Occupy(threads);
        var order = new ConcurrentQueue<string>();
        using var all = new CountdownEvent(8);
        void Send(string who, string address) => threads.Open(Codec, Seconds(1000), IPAddress.Parse(address)).Post(
            _ =>
            {
                order.Enqueue(who);
                all.Signal();
            },
            null);

        for (int flood = 1; flood <= 6; flood++)
        {
            Send($"flood {flood}", "192.0.2.1");
        }

        Send("other 1", "192.0.2.2");
        Send("other 2", "192.0.2.2");
        gate.Open();
        Assert.True(all.Wait(Patience));
        Assert.Equal(
            ["flood 1", "other 1", "flood 2", "other 2", "flood 3", "flood 4", "flood 5", "flood 6"], order);
    }

    [Fact]
    public void Caller_BesideSeveralWhoFillTheQueue_HasHisShareOfIt()
    {
        using var instance = new Instance(Catalogue.All, ("QueueMillisecondsMax", "100"), ("ComputeThreadsMax", "1"));
        ComputeThreads threads = instance.Services.GetRequiredService<ComputeThreads>();
        AdmissionControl admission = instance.Services.GetRequiredService<AdmissionControl>();
        long each = Seconds(4) / 1000;
        var gate = new Gate();
        int Fill(string address)
        {
            int taken = 0;
            for (; admission.Refusal(each, null, IPAddress.Parse(address)) is null; taken++)
            {
                threads.Open(Codec, each, IPAddress.Parse(address)).Post(_ => gate.Wait(), null);
            }

            return taken;
        }

        int[] taken = [Fill("192.0.2.1"), Fill("192.0.2.2"), Fill("192.0.2.3")];
        Assert.Equal(19, taken[0]); // behind eighteen it waits 72 ms, behind nineteen 76, and 75 are his
        Assert.Equal(12, taken[1]); // 11 of his own, and of the first one's no more than of his, with this one
        Assert.Equal(8, taken[2]); // 7 of his own, and 9 of each of the others
        gate.Open();
    }

    // In a process that is still compiling two long requests alike overtake their prices, and neither may be refused for it.
    [Theory]
    [InlineData(140)]
    [InlineData(160)]
    [InlineData(190)]
    public void Request_BesideOneLikeItThatTakesLonger_IsTaken(int percent)
    {
        using var instance = new Instance(Catalogue.All, ("QueueMillisecondsMax", "50"), ("ComputeThreadsMax", "1"));
        ComputeThreads threads = instance.Services.GetRequiredService<ComputeThreads>();
        AdmissionControl admission = instance.Services.GetRequiredService<AdmissionControl>();
        var caller = IPAddress.Parse("192.0.2.1");
        var gate = new Gate();
        Turn slow = threads.Open(Codec, Seconds(1), caller);
        slow.Post(_ => gate.Wait(), null);
        slow.Spend(Nanoseconds(1) / 100 * percent);
        Assert.Null(admission.Refusal(Seconds(1), null, caller));
        gate.Open();
    }

    [Fact]
    public async Task Request_WhileItWaits_CountsForItsCallerAlone()
    {
        using var instance = new Instance(Catalogue.All, ("ComputeThreadsMax", "1"));
        ComputeThreads threads = instance.Services.GetRequiredService<ComputeThreads>();
        var caller = IPAddress.Parse("192.0.2.1");
        Gate gate = Occupy(threads);
        Task<Reply> waiting = Task.Run(() => instance.SendAsync(Bodies.Safetensors(300, 300) with { From = caller }));
        await WaitAsync(() => threads.WaitOf(Seconds(1), caller).OfCaller > 0);
        Assert.Equal(0, threads.WaitOf(Seconds(1), IPAddress.Parse("192.0.2.2")).OfCaller);
        gate.Open();
        Assert.Equal(200, (await waiting).Status);
    }

    [Fact]
    public async Task Request_WhoseTurnComesMuchTooLate_IsRefusedUnread()
    {
        using var instance = new Instance(Catalogue.All, ("QueueMillisecondsMax", "1"), ("ComputeThreadsMax", "1"));
        using var heard = new Heard(instance.Services, AdmissionMetrics.MeterName);
        int reads = 0;
        Call large = Bodies.Safetensors(300, 300) with { BeforeRead = () => reads++ };
        long price = Price.OfBody(Catalogue.Find(large.Loss)!, new SafetensorsCodec(), large.Body.Length);
        Gate gate = Occupy(instance.Services.GetRequiredService<ComputeThreads>());
        Task<Reply> waiting = Task.Run(() => instance.SendAsync(large));
        await WaitAsync(() => heard.Now(AdmissionMetrics.Queued) == 1);
        long begun = ComputeThreads.Now; // it may wait one and a half times for one like it that takes as much longer
        await WaitAsync(() => ComputeThreads.Now - begun > 3 * price * Price.StepNanoseconds);
        gate.Open();
        Assert.Equal((429, 0), ((await waiting).Status, reads));
    }
}

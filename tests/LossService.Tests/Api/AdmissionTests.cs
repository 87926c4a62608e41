using System.Collections.Concurrent;
using System.Net;
using LossService.Api.Admission;
using LossService.Engine;
using LossService.Tests.Faults;
using LossService.Wire;
using LossService.Wire.Json;
using LossService.Wire.Safetensors;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Xunit;

namespace LossService.Tests.Api;

/// <summary>Which request is computed when, and which not at all.</summary>
public sealed partial class AdmissionTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private static readonly JsonCodec Codec = new();

    [Fact]
    public void Threads_WithSeveralWaiting_TakeTheShortestFirst()
    {
        using var threads = new ComputeThreads(1);
        Gate gate = Occupy(threads);
        var order = new ConcurrentQueue<long>();
        using var all = new CountdownEvent(3);
        // Farther apart than they can wait here: a second waiting counts like a second less to do.
        foreach (long price in (long[])[Seconds(9000), Seconds(3000), Seconds(6000)])
        {
            threads.Open(Codec, price, null).Post(
                _ =>
                {
                    order.Enqueue(price);
                    all.Signal();
                },
                null);
        }

        gate.Open();
        Assert.True(all.Wait(Patience));
        Assert.Equal([Seconds(3000), Seconds(6000), Seconds(9000)], order);
    }

    [Fact]
    public void Piece_ThatHasWaited_ComesBeforeAShorterOneThatHasNot()
    {
        using var threads = new ComputeThreads(1);
        using Turn longer = threads.Open(Codec, Seconds(3), null);
        using Turn shorter = threads.Open(Codec, Seconds(1), null);
        var first = new Piece(longer, _ => { }, null);
        var second = new Piece(shorter, _ => { }, null);
        long now = ComputeThreads.Now;
        Assert.True(second.Rank(now) < first.Rank(now));
        // Three seconds after it came, the longer one is as near as if nothing were left of it.
        Assert.True(first.Rank(now + Nanoseconds(3)) < shorter.Remaining);
    }

    [Theory]
    [InlineData(1, true)]
    [InlineData(9000, false)]
    public void Computation_BetweenTwoBlocks_LetsOnlyShorterOnesPass(int seconds, bool passes)
    {
        using var threads = new ComputeThreads(1);
        using Turn computing = threads.Open(Codec, Seconds(3000), null);
        using Turn other = threads.Open(Codec, Seconds(seconds), null);
        using var waits = new ManualResetEventSlim();
        using var ended = new ManualResetEventSlim();
        bool hasPassed = false;
        bool before = false;
        computing.Post(
            _ =>
            {
                waits.Wait();
                for (int block = 0; block < 20; block++)
                {
                    Thread.Sleep(1); // longer than a slice
                    computing.Pause();
                }

                before = hasPassed;
                ended.Set();
            },
            null);
        other.Post(_ => hasPassed = true, null);
        waits.Set();
        Assert.True(ended.Wait(Patience));
        Assert.Equal(passes, before);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task Share_OfABlocksWork_RunsEveryBlockOnceAndThenNothing(int count)
    {
        using var threads = new ComputeThreads(count);
        using Turn turn = threads.Open(Codec, Seconds(1), null);
        int next = -1;
        int late = 0;
        bool isOver = false;
        int[] runs = new int[500];
        var ended = new TaskCompletionSource();
        turn.Post(
            _ =>
            {
                turn.Share(4, () =>
                {
                    late += Volatile.Read(ref isOver) ? 1 : 0;
                    for (int block = Interlocked.Increment(ref next); block < runs.Length; block = Interlocked.Increment(ref next))
                    {
                        Interlocked.Increment(ref runs[block]);
                        turn.Pause();
                    }
                });
                Volatile.Write(ref isOver, true);
                turn.Post(_ => ended.SetResult(), null); // behind whoever was invited and came too late
            },
            null);
        await ended.Task.WaitAsync(Patience);
        Assert.All(runs, times => Assert.Equal(1, times));
        Assert.Equal(0, late);
    }

    [Fact]
    public async Task Share_WhereAGuestFails_FailsWhereTheComputationBegan()
    {
        using var threads = new ComputeThreads(2);
        using Turn turn = threads.Open(Codec, Seconds(1), null);
        using var both = new Barrier(2);
        var thrown = new TaskCompletionSource<Exception?>();
        turn.Post(
            _ =>
            {
                int host = Environment.CurrentManagedThreadId;
                thrown.SetResult(Record.Exception(() => turn.Share(2, () =>
                {
                    Assert.True(both.SignalAndWait(Patience));
                    if (Environment.CurrentManagedThreadId != host)
                    {
                        throw new OperationCanceledException("the guest");
                    }
                })));
            },
            null);
        Exception? found = await thrown.Task.WaitAsync(Patience);
        Assert.Equal("the guest", Assert.IsType<OperationCanceledException>(found).Message);
    }

    [Fact]
    public async Task Request_ThatWouldWaitTooLong_IsRefusedBeforeItsBodyIsRead()
    {
        using var instance = new Instance(Catalogue.All, ("QueueMillisecondsMax", "10000"), ("ComputeThreadsMax", "1"));
        ComputeThreads threads = instance.Services.GetRequiredService<ComputeThreads>();
        int reads = 0;
        var caller = IPAddress.Parse("192.0.2.1");
        Call large = Bodies.Safetensors(300, 300) with { BeforeRead = () => reads++, From = caller };

        // Eight seconds from the same address: more than its share of ten. Each is as long as the request is.
        long price = Price.OfBody(Catalogue.Find(large.Loss)!, new SafetensorsCodec(), large.Body.Length);
        var gate = new Gate();
        Turn[] turns = [.. Enumerable.Range(0, (int)(Seconds(8) / price)).Select(_ => threads.Open(Codec, price, caller))];
        Array.ForEach(turns, turn => turn.Post(_ => gate.Wait(), null));

        Reply refused = await instance.SendAsync(large).WaitAsync(Patience);
        Assert.Equal((429, 0), (refused.Status, reads));
        Assert.Contains("\"overloaded\"", refused.Text, StringComparison.Ordinal);

        // What is small is answered all the same, and everything once there is room again.
        Assert.Equal(200, (await instance.SendAsync(Bodies.Nested(3, 4))).Status);
        gate.Open();
        await WaitAsync(() => !turns.Any(turn => turn.IsRunnable));
        Assert.Equal(200, (await instance.SendAsync(large)).Status);
        Assert.True(reads > 0);
        Array.ForEach(turns, turn => turn.Dispose());
    }

    [Fact]
    public async Task Threads_AfterRequestsThatTookTheirTime_KnowHowLongAStepTakes()
    {
        using var instance = new Instance(Catalogue.All);
        ComputeThreads threads = instance.Services.GetRequiredService<ComputeThreads>();
        await instance.SendAsync(Bodies.Safetensors(300, 300) with { HasLength = false }); // which foretells nothing
        Assert.Equal(1, threads.Slowness);
        await instance.SendAsync(Bodies.Safetensors(300, 300));
        double before = threads.Slowness;
        Assert.NotEqual(1, before);
        Assert.True(before > 0.125, "nothing was counted"); // the least that it can be
    }

    // As under half a processor, where everything takes twice as long by the clock, only more so.
    [Fact]
    public void Waits_OnAMachineThatTurnsSlow_AreForetoldLongerAndOnOneThatRecoversShorterAgain()
    {
        const int Times = 4;
        using var instance = new Instance(Catalogue.All, ("QueueMillisecondsMax", "100"), ("ComputeThreadsMax", "1"));
        ComputeThreads threads = instance.Services.GetRequiredService<ComputeThreads>();
        AdmissionControl admission = instance.Services.GetRequiredService<AdmissionControl>();
        long ten = Seconds(10) / 1000;
        using var request = new LossRequest(Catalogue.All[0].Card);
        void Work(int times, int milliseconds)
        {
            for (int i = 0; i < times; i++)
            {
                using var done = new ManualResetEventSlim();
                Turn turn = threads.Open(Codec, ten, null);
                turn.Post(
                    _ =>
                    {
                        turn.Reprice(Catalogue.All[0], request);
                        Thread.Sleep(milliseconds);
                        turn.Dispose();
                        done.Set();
                    },
                    null);
                Assert.True(done.Wait(Patience));
            }
        }

        int Taken()
        {
            var gate = new Gate();
            var turns = new List<Turn>();
            while (admission.Refusal(ten, null, new IPAddress(turns.Count + 1)) is null)
            {
                turns.Add(threads.Open(Codec, ten, new IPAddress(turns.Count + 1)));
                turns[^1].Post(_ => gate.Wait(), null);
            }

            gate.Open();
            Assert.True(SpinWait.SpinUntil(() => !turns.Exists(turn => turn.IsRunnable), Patience));
            turns.ForEach(turn => turn.Dispose()); // unpriced, so that nothing is learned of them
            return turns.Count;
        }

        Assert.Equal(11, Taken()); // behind ten it waits 100 ms
        Work(3, 10 * Times);
        Assert.True(threads.Slowness >= Times, $"{threads.Slowness}");
        Assert.InRange(Taken(), 1, (10 / Times) + 1);
        for (int work = 0; work < 2000 && threads.Slowness > Times / 2; work++)
        {
            Work(1, 0);
        }

        Assert.True(threads.Slowness <= Times / 2, $"{threads.Slowness}");
        Assert.True(Taken() > (10 / Times) + 1);
    }

    [Fact]
    public void Caller_WhoFillsTheQueueAlone_LeavesRoomForOthers()
    {
        using var instance = new Instance(Catalogue.All, ("QueueMillisecondsMax", "100"), ("ComputeThreadsMax", "1"));
        ComputeThreads threads = instance.Services.GetRequiredService<ComputeThreads>();
        AdmissionControl admission = instance.Services.GetRequiredService<AdmissionControl>();
        long each = Seconds(10) / 1000;
        var flood = IPAddress.Parse("192.0.2.1");
        var gate = new Gate();
        int taken = 0;
        while (admission.Refusal(each, null, flood) is null)
        {
            threads.Open(Codec, each, flood).Post(_ => gate.Wait(), null);
            taken++;
        }

        Assert.Equal(8, taken); // behind seven it waits 70 ms, behind eight 80, and 75 are his
        Assert.Null(admission.Refusal(each, null, IPAddress.Parse("192.0.2.2")));
        gate.Open();
    }

    [Theory]
    [InlineData(0)]
    [InlineData(4)]
    public void Caller_OfTwoLongRequestsAtOnce_WaitsForHimself(int slowness)
    {
        using var instance = new Instance(Catalogue.All, ("QueueMillisecondsMax", "50"), ("ComputeThreadsMax", "1"));
        ComputeThreads threads = instance.Services.GetRequiredService<ComputeThreads>();
        AdmissionControl admission = instance.Services.GetRequiredService<AdmissionControl>();
        var caller = IPAddress.Parse("192.0.2.1");
        using var request = new LossRequest(Catalogue.All[0].Card);
        for (int i = 0; i < 100 && slowness > 0; i++)
        {
            Turn slow = threads.Open(Codec, 1, null);
            slow.Reprice(Catalogue.All[0], request);
            slow.Spend(slowness * Nanoseconds(1) / 1000);
            slow.Dispose();
        }

        long price = Seconds(1) / 10;
        var gate = new Gate();
        threads.Open(Codec, price, caller).Post(_ => gate.Wait(), null);
        Assert.Null(admission.Refusal(price, null, caller));
        threads.Open(Codec, price, caller).Post(_ => gate.Wait(), null);
        Assert.Equal(429, admission.Refusal(price, null, caller)!.Status);
        gate.Open();
    }

    [Theory]
    [InlineData(10, 1)]
    [InlineData(61, 7)]
    [InlineData(70, 7)]
    [InlineData(6000, 60)] // by then it is another load
    public void RetryAfter_OfARefusal_GrowsWithTheWaitForetold(int tenthsBefore, int retryAfter)
    {
        using var instance = new Instance(Catalogue.All, ("QueueMillisecondsMax", "1"), ("ComputeThreadsMax", "1"));
        AdmissionControl admission = instance.Services.GetRequiredService<AdmissionControl>();
        ComputeThreads threads = instance.Services.GetRequiredService<ComputeThreads>();
        var gate = new Gate();
        for (int before = 0; before < tenthsBefore; before++)
        {
            threads.Open(Codec, Seconds(1) / 10, null).Post(_ => gate.Wait(), null);
        }

        Assert.Equal(retryAfter, admission.Refusal(Seconds(1) / 10, null, null)!.RetryAfterSeconds);
        gate.Open();
    }

    [Fact]
    public void Request_ThatWaitedMuchLonger_IsRefusedWhenItsTurnComes()
    {
        using var instance = new Instance(Catalogue.All, ("QueueMillisecondsMax", "100"));
        AdmissionControl admission = instance.Services.GetRequiredService<AdmissionControl>();
        long price = admission.PriceOfUnknown;
        Assert.Null(admission.Refusal(price, waitedNanoseconds: 150_000_000));
        Assert.Equal(429, admission.Refusal(price, waitedNanoseconds: 150_000_001)!.Status);
    }

    [Fact]
    public void Request_ThatWouldWaitWhileTheServiceStops_IsToldSo()
    {
        using var instance = new Instance(Catalogue.All, ("QueueMillisecondsMax", "1"), ("ComputeThreadsMax", "1"));
        AdmissionControl admission = instance.Services.GetRequiredService<AdmissionControl>();
        ComputeThreads threads = instance.Services.GetRequiredService<ComputeThreads>();
        var gate = new Gate();
        threads.Open(Codec, Seconds(1) / 100, null).Post(_ => gate.Wait(), null);
        threads.Open(Codec, Seconds(1) / 100, null).Post(_ => gate.Wait(), null);
        Assert.Equal(429, admission.Refusal(Seconds(1) / 100, null, null)!.Status);
        instance.Services.GetRequiredService<IHostApplicationLifetime>().StopApplication();
        Problem draining = admission.Refusal(Seconds(1) / 100, null, null)!;
        Assert.Equal((503, "draining", 1), (draining.Status, draining.Code, draining.RetryAfterSeconds));
        gate.Open();
    }

    [Fact]
    public void Price_OfABody_GrowsAsItsCardSays()
    {
        double Growth(string name, long bytes = 100_000_000) => (double)Of(name, 4 * bytes) / Of(name, bytes);
        long Of(string name, long bytes) =>
            Price.OfBody(Catalogue.Find(name)!, new SafetensorsCodec(), bytes);
        Assert.InRange(Growth("mse_loss"), 3.9, 4.01);
        Assert.InRange(Growth("lovasz_hinge_loss"), 4.1, 4.8); // n log n
        Assert.InRange(Growth("ranknet_loss", bytes: 1_000), 6, 16); // one list four times as long
        Assert.InRange(Growth("ranknet_loss", bytes: 4_000_000), 7, 9); // as many lists as before twice as long
        Assert.InRange(Growth("ranknet_loss"), 3.9, 4.01); // no list is longer than the card allows
    }

    // A thread that works until it is told to stop.
    private static Gate Occupy(ComputeThreads threads)
    {
        var gate = new Gate();
        using var begun = new ManualResetEventSlim();
        threads.Open(Codec, 1, null).Post(
            _ =>
            {
                begun.Set();
                gate.Wait();
            },
            null);
        begun.Wait();
        return gate;
    }

    private static long Nanoseconds(int seconds) => seconds * 1_000_000_000L;

    private static long Seconds(int seconds) => Nanoseconds(seconds) / Price.StepNanoseconds;

    private static async Task WaitAsync(Func<bool> isSo)
    {
        using var patience = new CancellationTokenSource(Patience);
        while (!isSo())
        {
            await Task.Delay(1, patience.Token);
        }
    }

    /// <summary>Holds threads until it is opened; nobody has to give it back.</summary>
    private sealed class Gate
    {
        private volatile bool _isOpen;

        public void Open() => _isOpen = true;

        public void Wait()
        {
            while (!_isOpen)
            {
                Thread.Sleep(1);
            }
        }
    }
}

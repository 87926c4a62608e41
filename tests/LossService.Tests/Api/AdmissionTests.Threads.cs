using System.Net;
using LossService.Api.Admission;
using LossService.Engine;
using Xunit;

namespace LossService.Tests.Api;

/// <content>What runs on whose stack, whose time it is, and what is foretold from that.</content>
public sealed partial class AdmissionTests
{
    private const int Rounds = 20;

    [Fact]
    public async Task Computation_ThatLetsManyPass_GoesOnInItsOwnContext()
    {
        using var threads = new ComputeThreads(1);
        using Turn computing = threads.Open(Codec, Seconds(3000), null);
        await OnAsync(computing, () =>
        {
            for (int round = 0; round < Rounds; round++)
            {
                bool hasPassed = false;
                using Turn other = threads.Open(Codec, Seconds(1), null);
                other.Post(_ => hasPassed = true, null);
                Thread.Sleep(1); // longer than a slice
                computing.Pause();
                Assert.True(hasPassed, $"{round}");
                Assert.Same(computing, SynchronizationContext.Current);
            }
        });
    }

    [Fact]
    public void Computations_EachShorterThanTheOneBefore_LieUnderEachOtherUpToALimit()
    {
        const int Turns = 30;
        using var threads = new ComputeThreads(1);
        using var all = new CountdownEvent(Turns);
        int depth = 0;
        int deepest = 0;
        void Begin(int number)
        {
            Turn turn = threads.Open(Codec, Seconds(100 * (Turns - number)), null);
            turn.Post(
                _ =>
                {
                    deepest = Math.Max(deepest, ++depth);
                    if (number + 1 < Turns)
                    {
                        Begin(number + 1);
                    }

                    Thread.Sleep(1); // longer than a slice
                    turn.Pause();
                    depth--;
                    turn.Dispose();
                    all.Signal();
                },
                null);
        }

        Begin(0);
        Assert.True(all.Wait(Patience));
        Assert.Equal(9, deepest); // one, and eight on top of it
    }

    [Fact]
    public async Task Time_OfOneThatPasses_IsItsOwn()
    {
        using var threads = new ComputeThreads(1);
        using Turn computing = threads.Open(Codec, Seconds(3000), null);
        using Turn other = threads.Open(Codec, Seconds(1), null);
        long begun = ComputeThreads.Now;
        long before = 0;
        long passing = 0;
        await OnAsync(computing, () =>
        {
            other.Post(_ => passing = Sleep(100), null);
            before = Sleep(20);
            computing.Pause();
            Assert.True(passing > 0);
        });
        await OnAsync(other, () => { }); // by now the piece before it is over
        long all = ComputeThreads.Now - begun;
        Assert.InRange(computing.Used, before, all - passing);
        Assert.InRange(other.Used, passing, all - before);
    }

    [Fact]
    public async Task Time_OfAPieceInWhichItsTurnEnds_CountsOnce()
    {
        using var threads = new ComputeThreads(1);
        using Turn turn = threads.Open(Codec, Seconds(1), null);
        using Turn next = threads.Open(Codec, Seconds(1), null);
        long begun = ComputeThreads.Now;
        long taken = 0;
        await OnAsync(turn, () =>
        {
            taken = Sleep(50);
            turn.Dispose();
            Assert.True(turn.Used >= taken);
        });
        await OnAsync(next, () => { });
        Assert.InRange(turn.Used, taken, ComputeThreads.Now - begun);
    }

    // His host waits for him: whoever lay on top of him could wait for the host.
    [Theory]
    [InlineData(1, true)]
    [InlineData(9000, false)]
    public async Task Guest_WhileOthersWait_LetsNobodyPassAndLeavesForShorterOnes(int seconds, bool leaves)
    {
        using var threads = new ComputeThreads(2);
        using Turn computing = threads.Open(Codec, Seconds(3000), null);
        using Turn other = threads.Open(Codec, Seconds(seconds), null);
        using var both = new Barrier(2);
        bool hasPassed = false;
        bool passed = true;
        (bool IsGuest, bool IsWanted) atFirst = default, later = default, ofHost = default;
        (bool IsGuest, bool IsWanted) Ask() => (ComputeThreads.IsGuest, computing.IsWantedElsewhere);
        await OnAsync(computing, () =>
        {
            int host = Environment.CurrentManagedThreadId;
            computing.Share(2, () =>
            {
                bool isHost = Environment.CurrentManagedThreadId == host;
                both.SignalAndWait(Patience);
                if (!isHost)
                {
                    atFirst = Ask();
                    other.Post(_ => hasPassed = true, null);
                }

                both.SignalAndWait(Patience);
                if (isHost)
                {
                    ofHost = Ask();
                }
                else
                {
                    for (int round = 0; round < Rounds; round++)
                    {
                        Thread.Sleep(1); // longer than a slice
                        computing.Pause();
                    }

                    later = Ask();
                    passed = hasPassed;
                }

                both.SignalAndWait(Patience);
            });
        });
        Assert.Equal([(true, false), (true, leaves), (false, false)], [atFirst, later, ofHost]);
        Assert.False(passed);
    }

    [Fact]
    public async Task Guest_WhoHasLeft_IsNoneAnyMore()
    {
        using var threads = new ComputeThreads(2);
        using Turn computing = threads.Open(Codec, Seconds(1), null);
        using Turn other = threads.Open(Codec, Seconds(1), null);
        using var both = new Barrier(2);
        await OnAsync(computing, () => computing.Share(2, () => both.SignalAndWait(Patience)));
        await Task.WhenAll(((Turn[])[computing, other]).Select(turn => OnAsync(turn, () =>
        {
            both.SignalAndWait(Patience); // each on a thread of its own
            Assert.False(ComputeThreads.IsGuest);
        })));
    }

    [Fact]
    public async Task Share_WhileAGuestIsAtWork_WaitsForHim()
    {
        using var threads = new ComputeThreads(2);
        using Turn computing = threads.Open(Codec, Seconds(1), null);
        using var both = new Barrier(2);
        bool isDone = false;
        await OnAsync(computing, () =>
        {
            int host = Environment.CurrentManagedThreadId;
            computing.Share(2, () =>
            {
                both.SignalAndWait(Patience);
                if (Environment.CurrentManagedThreadId != host)
                {
                    Sleep(50);
                    Volatile.Write(ref isDone, true);
                }
            });
            Assert.True(Volatile.Read(ref isDone));
        });
    }

    [Fact]
    public async Task Share_OnOneThread_TakesNoGuestOntoItsOwnStack()
    {
        using var threads = new ComputeThreads(1);
        using Turn computing = threads.Open(Codec, Seconds(3000), null);
        int depth = 0;
        int deepest = 0;
        await OnAsync(computing, () => computing.Share(4, () =>
        {
            deepest = Math.Max(deepest, ++depth);
            Thread.Sleep(1); // longer than a slice
            computing.Pause();
            depth--;
        }));
        Assert.Equal(1, deepest);
    }

    [Fact]
    public void Wait_Foretold_IsForWhatComesBeforeOnAnyThread()
    {
        using var threads = new ComputeThreads(2);
        var gate = new Gate();
        Turn[] turns = [.. ((int[])[1, 1, 1, 1, 2]).Select(seconds => threads.Open(Codec, Seconds(seconds), null))];
        Array.ForEach(turns, turn => turn.Post(_ => gate.Wait(), null));
        using Turn atItsClient = threads.Open(Codec, Seconds(1), null);
        Assert.Equal(Nanoseconds(2), threads.WaitOf(Seconds(1), null).All);
        Assert.Equal(Nanoseconds(3), threads.WaitOf(Seconds(2), null).All);
        turns[0].Dispose(); // although a guest of it may still wait
        Assert.Equal(Nanoseconds(3), 2 * threads.WaitOf(Seconds(1), null).All);
        gate.Open();
    }

    [Fact]
    public void Remaining_OfARequest_IsTheRestOfItsPriceAndBeyondThatWhatItTook()
    {
        using var threads = new ComputeThreads(1);
        using Turn turn = threads.Open(Codec, Seconds(3), null);
        using var request = new LossRequest(Catalogue.All[0].Card);
        turn.Spend(Nanoseconds(1));
        Assert.Equal(Nanoseconds(2), turn.Remaining);
        turn.Spend(Nanoseconds(3));
        Assert.Equal(Nanoseconds(4), turn.Remaining);
        using Turn priced = threads.Open(Codec, Seconds(3), null);
        Assert.Equal(priced.Reprice(Catalogue.All[0], request) * Price.StepNanoseconds, priced.Remaining);
    }

    [Theory]
    [InlineData(1000, true, 8)]
    [InlineData(0, true, 0.125)]
    [InlineData(4, true, 4)]
    [InlineData(4, false, 1)] // its price was no guess, only assumed
    public void Slowness_OfWhatRequestsTook_StaysWithinBounds(int times, bool isForetold, double slowness)
    {
        using var threads = new ComputeThreads(1);
        using var request = new LossRequest(Catalogue.All[0].Card);
        Turn turn = threads.Open(Codec, Seconds(1), null, isForetold);
        turn.Reprice(Catalogue.All[0], request);
        turn.Spend(Nanoseconds(times));
        turn.Dispose();
        Assert.Equal(slowness, threads.Slowness);
    }

    // Has a turn do something, and fails here where that fails.
    private static async Task OnAsync(Turn turn, Action work)
    {
        var ended = new TaskCompletionSource<Exception?>(TaskCreationOptions.RunContinuationsAsynchronously);
        turn.Post(_ => ended.SetResult(Record.Exception(work)), null);
        Assert.Null(await ended.Task.WaitAsync(2 * Patience));
    }

    // The nanoseconds that it took.
    private static long Sleep(int milliseconds)
    {
        long begun = ComputeThreads.Now;
        Thread.Sleep(milliseconds);
        return ComputeThreads.Now - begun;
    }
}

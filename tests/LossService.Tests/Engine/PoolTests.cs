using LossService.Engine.Families;
using LossService.Engine.Numerics;
using LossService.Tests.Engine.Harness;
using Xunit;

namespace LossService.Tests.Engine;

/// <summary>What a computation rents it gives back, whatever happens, and it never reads what a buffer held before.</summary>
public sealed class PoolTests
{
    // The only one here that depends on the instruction set.
    [Trait("Set", "Engine")]
    [Theory]
    [MemberData(nameof(EveryLoss.InBothPrecisions), MemberType = typeof(EveryLoss))]
    public void Answer_WhateverBuffersHeldBefore_HasTheSameBits(string loss, bool float64)
    {
        TensorPool[] pools = [new(1L << 30), Filled(0x00), Filled(0x55), Filled(0x7F), Filled(0xFF), Bench.Pool];
        for (int seed = 0; seed < EveryLoss.Draws(24); seed++)
        {
            Question question = Draw(loss, float64, seed);
            Answer expected = Bench.Ask(question, new(pools[0]));
            foreach (TensorPool pool in pools)
            {
                Answer.AssertSameBits(expected, Bench.Ask(question, new(pool)), $"{question}");
            }
        }
    }

    [Theory]
    [MemberData(nameof(EveryLoss.InBothPrecisions), MemberType = typeof(EveryLoss))]
    public void Run_WithoutItsNthBuffer_GivesEverythingBack(string loss, bool float64)
    {
        for (int seed = 0; seed < EveryLoss.Draws(16); seed++)
        {
            int threads = seed % 8 == 5 ? 2 : 1; // forms and optional inputs differ with the seed
            Question question = threads == 1 ? Draw(loss, float64, seed) : Large(loss, float64, seed);
            for (int allowed = 0; ; allowed++)
            {
                int rents = 0;
                int limit = allowed;
                var pool = new TensorPool(1L << 30)
                {
                    PoisonsReturns = true,
                    Lending = bytes =>
                    {
                        if (Interlocked.Increment(ref rents) > limit)
                        {
                            throw new PoolExhaustedException(bytes);
                        }
                    },
                };
                try
                {
                    Bench.Ask(question, new(pool, threads)); // asserts that nothing stays rented, even where it throws
                    Assert.True(allowed > 0, $"{loss} rented no buffer");
                    break;
                }
                catch (PoolExhaustedException)
                {
                    Assert.Equal(0, pool.Leases);
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(EveryLoss.Names), MemberType = typeof(EveryLoss))]
    public void Run_CancelledBeforeOrWithinItsBlocks_GivesEverythingBack(string loss)
    {
        Question question = Large(loss, float64: true);
        for (int threads = 1; threads <= 2; threads++)
        {
            int rents = 0;
            Bench.Ask(question, new(new TensorPool(1L << 30) { Lending = _ => Interlocked.Increment(ref rents) }, threads));
            for (int at = 0; at < rents; at += 1 + (rents / 10))
            {
                using var cancelling = new CancellationTokenSource();
                int before = at;
                var pool = new TensorPool(1L << 30)
                {
                    Lending = _ =>
                    {
                        if (Interlocked.Decrement(ref before) < 0)
                        {
                            cancelling.Cancel();
                        }
                    },
                };
                Exception? thrown = Record.Exception(() => Bench.Ask(question, new(pool, threads, cancelling.Token)));

                // With a second thread the sign may come when every block has begun: then the answer is whole.
                Assert.True(thrown is OperationCanceledException || (thrown is null && threads > 1), $"{thrown}");
                Assert.Equal(0, pool.Leases);
            }
        }
    }

    [Theory]
    [MemberData(nameof(EveryLoss.Names), MemberType = typeof(EveryLoss))]
    public void Run_CancelledAtItsNthPoll_StopsThereAndLeavesTheNextAnswerAlone(string loss)
    {
        Question question = Large(loss, float64: false);
        var pool = new TensorPool(1L << 30) { PoisonsReturns = true };
        int polls = 0;
        Answer expected = Bench.Ask(question, new(pool) { Polling = () => polls++ });
        for (int threads = 1; threads <= 2; threads++)
        {
            bool struck = true;
            for (int allowed = 0; struck; allowed += 1 + (polls / EveryLoss.Draws(4))) // the fault loop takes every one
            {
                using var cancelling = new CancellationTokenSource();
                int left = allowed;
                int late = 0;
                bool isGiven = false;
                var workshop = new Workshop(pool, threads, cancelling.Token)
                {
                    Polling = () =>
                    {
                        if (Volatile.Read(ref isGiven))
                        {
                            Interlocked.Increment(ref late);
                        }
                        else if (Interlocked.Decrement(ref left) == -1)
                        {
                            cancelling.Cancel();
                            Volatile.Write(ref isGiven, true);
                        }
                    },
                };
                Exception? thrown = Record.Exception(() => Bench.Ask(question, workshop));
                struck = left < 0;

                // With a second thread the sign may come when every block has begun: then the answer is whole.
                Assert.True(struck ? thrown is OperationCanceledException || threads > 1 : thrown is null, $"{allowed}: {thrown}");

                // Whoever else is at work learns of the sign when he looks.
                Assert.True(late <= threads - 1, $"{late} polls after the sign, with {threads} threads");
            }

            Answer.AssertSameBits(expected, Bench.Ask(question, new(pool, threads)), $"{question}");
        }
    }

    [Fact]
    public void Lease_ReturnedTwiceOrUsedAfterReturn_Throws()
    {
        var pool = new TensorPool(1 << 20);
        Lease lease = pool.Rent(100);
        Lease copy = lease;
        lease.Dispose();
        Assert.Throws<InvalidOperationException>(() => copy.Bytes.Length);
        Assert.Throws<InvalidOperationException>(copy.Dispose);
        Lease again = pool.Rent(100);
        Assert.Throws<InvalidOperationException>(copy.Dispose);
        Assert.Equal(100, again.Bytes.Length);
        again.Dispose();
        Assert.Equal(0, pool.Leases);
    }

    [Fact]
    public void Lease_ReturnedByManyThreadsAtOnce_IsTakenBackOnce()
    {
        var pool = new TensorPool(1 << 20);
        for (int round = 0; round < 200; round++)
        {
            Lease lease = pool.Rent(100);
            int thrown = 0;
            Parallel.For(0, 4, _ =>
            {
                if (Record.Exception(lease.Dispose) is InvalidOperationException)
                {
                    Interlocked.Increment(ref thrown);
                }
            });
            Assert.Equal((3, 0L, 0L), (thrown, pool.Leases, pool.BytesLeased));
        }

        using Lease one = pool.Rent(100);
        using Lease other = pool.Rent(100);
        one.Bytes.Fill(1);
        other.Bytes.Fill(2);
        Assert.Equal(100, one.Bytes.Count((byte)1)); // never the same block twice
    }

    [Fact]
    public void Lease_OfAnyLength_IsAsLongAndAligned()
    {
        var pool = new TensorPool(1L << 30);
        foreach (int length in (int[])[0, 1, 255, 256, 257, 1000, 4096, 65_537, 1 << 20])
        {
            Lease[] leases = [.. Enumerable.Range(0, 8).Select(_ => pool.Rent(length))];
            foreach (Lease lease in leases)
            {
                Assert.Equal(length, lease.Bytes.Length);
                Assert.Equal(0, AddressOf(lease) % 64);
                lease.Dispose();
            }
        }
    }

    [Fact]
    public void Pool_AskedForMoreThanItsLargestBlock_RefusesAndKeepsItsAccount()
    {
        var pool = new TensorPool(TensorPool.BytesMaxMax);
        Assert.Throws<PoolExhaustedException>(() => pool.Rent((1 << 30) + 1));
        Assert.Throws<PoolExhaustedException>(() => pool.Rent(int.MaxValue));
        Assert.Equal((0L, 0L), (pool.Leases, pool.BytesLeased));
    }

    [Fact]
    public void Holding_OfABody_CountsAndLeavesHalfOfThePool()
    {
        var pool = new TensorPool(1 << 20);
        Holding held = pool.Hold(1 << 19);
        Assert.Equal((1L, 1L << 19, 1 << 19), (pool.Leases, pool.BytesLeased, held.Bytes));
        Assert.Throws<PoolExhaustedException>(() => pool.Hold(1));
        pool.Rent(1 << 19).Dispose();
        held.Dispose();
        default(Holding).Dispose();
        Assert.Equal((0L, 0L, 0), (pool.Leases, pool.BytesLeased, default(Holding).Bytes));
        Assert.Throws<PoolExhaustedException>(() => pool.Hold((1 << 19) + 1));
        Assert.Equal((0L, 0L), (pool.Leases, pool.BytesLeased));
    }

    // A server that stops clears its blocks, and may look once more for those that nobody needs.
    [Fact]
    public void Age_OfBlocksThatWereCleared_HasNoneToLetGo()
    {
        var idle = new IdleBlocks<object>();
        idle.Put(new());
        Assert.Equal(0, idle.Age());
        idle.Clear();
        Assert.Equal((0, 0), (idle.Age(), idle.Count));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Buffer_OfAPoolThatPoisons_HoldsItFromTheStartAndBehindItsEnd(bool wasUsed)
    {
        var pool = new TensorPool(1 << 20) { PoisonsReturns = true };
        if (wasUsed)
        {
            Lease before = pool.Rent(1000);
            before.Bytes.Fill(7);
            before.Dispose();
        }

        using Lease lease = pool.Rent(900);
        ReadOnlySpan<byte> block = System.Runtime.InteropServices.MemoryMarshal.CreateReadOnlySpan(
            ref System.Runtime.InteropServices.MemoryMarshal.GetReference(lease.Bytes), 1024);
        Assert.Equal(-1, block.IndexOfAnyExcept((byte)0xFF));
    }

    [Fact]
    public void Pool_InAProcessWithoutMemory_RefusesAndKeepsItsAccount()
    {
        bool isShort = true;
        var pool = new TensorPool(1024) { Making = _ => _ = isShort ? throw new InsufficientMemoryException() : 0 };
        for (int attempt = 0; attempt < 10; attempt++)
        {
            Assert.Throws<PoolExhaustedException>(() => pool.Rent(512));
        }

        Assert.Equal((0L, 0L), (pool.Leases, pool.BytesLeased));
        isShort = false;
        using Lease first = pool.Rent(512);
        using Lease second = pool.Rent(512);
        Assert.Equal((2L, 1024L), (pool.Leases, pool.BytesLeased));
    }

    [Fact]
    public void Pool_InAProcessWithoutMemory_GivesUpWhatIsIdleAndTriesOnceMore()
    {
        int made = 0;
        int failures = 0;
        var pool = new TensorPool(1 << 20) { Making = _ => made += failures-- > 0 ? throw new InsufficientMemoryException() : 1 };
        pool.Rent(512).Dispose();
        pool.Rent(512).Dispose();
        Assert.Equal(1, made);
        failures = 1;
        pool.Rent(1024).Dispose();
        pool.Rent(512).Dispose();
        Assert.Equal(3, made);
        Assert.Equal((0L, 0L), (pool.Leases, pool.BytesLeased));
    }

    [Fact]
    public void Age_OfBlocksThatNobodyNeeded_LetsThemGoAtTheSecondLook()
    {
        var pool = new TensorPool(1 << 20);
        Lease kept = pool.Rent(1000);
        pool.Rent(5000).Dispose();
        Assert.Equal(0, pool.Age()); // it was needed since the last look
        pool.Rent(5000).Dispose();
        Assert.Equal(0, pool.Age());
        Assert.Equal(8192, pool.Age());
        Assert.Equal(0, pool.Age());
        kept.Dispose();
        Assert.Equal(0, pool.Age());
        Assert.Equal(1024, pool.Age());
    }

    // Turns as short as they can be, and many: with a Take that reads and clears in two steps, some rounds in a dozen
    // end in a lease that is returned twice.
    [Fact]
    public void Pool_OfSeveralThreadsAndAging_LendsNoBlockTwiceAndCountsToNothing()
    {
        for (int round = 0; round < 24; round++)
        {
            var pool = new TensorPool(1 << 24);
            int foreign = 0;
            Parallel.For(0, 4, own =>
            {
                for (int turn = 0; turn < 500_000; turn++)
                {
                    Lease lease = pool.Rent(200);
                    lease.Bytes[0] = (byte)own;
                    if (lease.Bytes[0] != own)
                    {
                        Interlocked.Increment(ref foreign);
                    }

                    lease.Dispose();
                    if (turn % 1000 == 0)
                    {
                        pool.Age();
                    }
                }
            });
            Assert.Equal((0, 0L, 0L), (foreign, pool.Leases, pool.BytesLeased));
        }
    }

    [Fact]
    public void Pool_BeyondItsLimit_RefusesAndLendsAgainAfterAReturn()
    {
        var pool = new TensorPool(1024);
        Lease first = pool.Rent(512);
        Lease second = pool.Rent(257);
        Assert.Throws<PoolExhaustedException>(() => pool.Rent(1));
        Assert.Equal(1024, pool.BytesLeased);
        first.Dispose();
        pool.Rent(1).Dispose();
        second.Dispose();
        Assert.Equal(0, pool.BytesLeased);
    }

    private static unsafe nint AddressOf(Lease lease)
    {
        fixed (byte* first = &System.Runtime.InteropServices.MemoryMarshal.GetReference(lease.Bytes))
        {
            return (nint)first;
        }
    }

    private static Question Draw(string loss, bool float64, int seed)
    {
        Question question = new Samples(EveryLoss.Card(loss), 4000 + seed).Draw(new()
        {
            Float64 = float64,
            Values = (Values)(seed % 3),
            Samples = 3 + seed,
        });
        return EveryLoss.Card(loss).HasHessian ? question.With("hessian", "diagonal") : question;
    }

    // Enough blocks for two threads.
    private static Question Large(string loss, bool float64, int seed = 9)
    {
        bool rows = EveryLoss.Card(loss).Inputs[0].Forms[0].Pattern.Symbols is [_, .., var row] && !char.IsAsciiDigit(row[0]);
        (int samples, int length) = EveryLoss.Blocks(EveryLoss.Card(loss));
        return new Samples(EveryLoss.Card(loss), seed).Draw(new()
        {
            Form = 0,
            Samples = rows ? samples : 33_000,
            Row = length,
            Plain = true,
            Float64 = float64,
            Settings = false,
        });
    }

    // A pool whose blocks of up to 16 KiB hold a pattern.
    private static TensorPool Filled(byte pattern)
    {
        var pool = new TensorPool(1L << 30);
        for (int size = 256; size <= 1 << 14; size *= 2)
        {
            Lease[] leases = [.. Enumerable.Range(0, 40).Select(_ => pool.Rent(size))];
            foreach (Lease lease in leases)
            {
                lease.Bytes.Fill(pattern);
                lease.Dispose();
            }
        }

        return pool;
    }
}

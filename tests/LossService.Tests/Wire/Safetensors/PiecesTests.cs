using LossService.Engine.Numerics;
using LossService.Tests.Wire.Json;
using LossService.Wire;
using Xunit;

namespace LossService.Tests.Wire.Safetensors;

/// <summary>How a file arrives changes nothing, whatever fails on the way.</summary>
public sealed class PiecesTests
{
    private const int Mutations = 20_000;

    private static readonly byte[] Large = Safe.File(
        [("targets", "F64", [3_000], Safe.Bytes<double>([.. Enumerable.Range(0, 3_000)])), ("logits", "F32", [3_000], new byte[12_000])]);

    [Fact]
    public void File_InPiecesOfAnySize_ReadsTheSame()
    {
        foreach (byte[] file in Samples.Files)
        {
            using Reading whole = Safe.Read(file);
            for (int size = 1; size < 20; size++)
            {
                using Reading pieces = Safe.Read(Pieces.Of(file, size));
                Assert.Equal(whole.Digest(), pieces.Digest());
            }

            using Reading woken = Safe.Read(
                new Pieces(file.Chunk(7).Select(part => (ReadOnlyMemory<byte>)part)) { WakesReaders = true });
            Assert.Equal(whole.Digest(), woken.Digest());
        }
    }

    [Fact]
    public void File_MutatedAnyhow_NeverThrowsNorLeaksAndReadsTheSameInPieces()
    {
        var random = new Random(20_250_301);
        ReadLimits limits = Reading.Limits with { ElementsMax = 40, BodyBytesMax = 2_000, HeaderBytesMax = 1_000 };
        int accepted = 0;
        for (int i = 0; i < Mutations; i++)
        {
            byte[] file = Mutate(Samples.Files[random.Next(Samples.Files.Length)], random);
            using Reading whole = Safe.Read(file, limits);
            using Reading pieces = Safe.Read(Pieces.Random(file, random, 1 + random.Next(30)), limits);
            Assert.Equal(whole.Digest(), pieces.Digest());
            Assert.All(whole.Mistakes, one => Assert.False(string.IsNullOrEmpty(one.Detail)));
            accepted += whole.Mistakes.Count == 0 ? 1 : 0;
        }

        // Some mutants must still be good, or the mutations say little.
        Assert.InRange(accepted, Mutations / 100, Mutations / 2);
    }

    [Fact]
    public void Pool_ExhaustedAtAnyMoment_GetsEverythingBack()
    {
        int failures = 0;
        for (long bytes = 0; bytes < 120_000; bytes += 500)
        {
            var pool = new TensorPool(bytes) { PoisonsReturns = true };
            try
            {
                Safe.Read(Pieces.Of(Large, 700), pool: pool).Dispose();
            }
            catch (PoolExhaustedException)
            {
                failures++;
            }

            Assert.Equal(0, pool.Leases);
        }

        Assert.InRange(failures, 20, 239);
    }

    [Fact]
    public void Reading_ThatFailsAtAnyRead_GivesEverythingBack()
    {
        for (int failing = 0; failing < Large.Length / 700; failing++)
        {
            var pool = new TensorPool(1 << 30) { PoisonsReturns = true };
            var pieces = new Pieces(Large.Chunk(700).Select(piece => (ReadOnlyMemory<byte>)piece))
            {
                BeforeRead = n => _ = n == failing ? throw new IOException("planted") : n,
            };
            Assert.Throws<IOException>(() => Safe.Read(pieces, pool: pool));
            Assert.Equal(0, pool.Leases);
        }
    }

    [Fact]
    public void Tensor_LargerThanItsFirstRoom_GrowsWithoutALostByte()
    {
        float[] values = [.. Enumerable.Range(0, 3_000_000).Select(one => one * 0.5f)];
        using Reading reading = Safe.Read(Pieces.Of(Safe.File("logits", "F32", Safe.Bytes<float>(values), values.Length), 65_521));
        Assert.Empty(reading.Mistakes);
        Assert.True(values.AsSpan().SequenceEqual(reading["logits"].Float32));
        using Reading labels = Safe.Read(Pieces.Of(Safe.File("targets", "F32", Safe.Bytes<float>(values), values.Length), 65_521));
        Assert.True(values.AsSpan().SequenceEqual(labels.Request.Tensor("targets")!.Float32));
        Assert.Equal(1_499_999, labels.Request.LabelTensor(1)!.Label[^2]);
        Assert.Equal(Labels.NotAnInteger, labels.Request.LabelTensor(1)!.Label[^1]);
    }

    [Fact]
    public void Reading_OfManyElements_AllocatesNoMoreThanOfFew()
    {
        var pool = new TensorPool(1 << 30);
        long Measure(int elements)
        {
            byte[] file = Safe.File(
                [("logits", "F32", [elements], new byte[4 * elements]), ("targets", "I64", [elements], new byte[8 * elements]), ("weight", "F16", [elements], new byte[2 * elements])],
                ("reduction", "sum"), ("alpha", "0.5"));
            long least = long.MaxValue;
            for (int i = 0; i < 20; i++)
            {
                Pieces pieces = Pieces.Whole(file);
                using var request = new LossService.Engine.LossRequest(Reading.Card);
                long before = GC.GetAllocatedBytesForCurrentThread();
                Task read = new LossService.Wire.Safetensors.SafetensorsCodec().ReadAsync(pieces, request, Reading.Limits, pool, default).AsTask();
                long after = GC.GetAllocatedBytesForCurrentThread();
                Assert.True(read.IsCompletedSuccessfully);
                Assert.Empty(request.Mistakes.All);
                least = Math.Min(least, after - before);
            }

            return least;
        }

        long few = Measure(3);
        Assert.InRange(few, 0, 6_000);
        Assert.InRange(Measure(50_000), 0, few + 500);
    }

    private static byte[] Mutate(byte[] file, Random random)
    {
        byte[] mutant = [.. file];
        switch (random.Next(4))
        {
            case 0: // in the data, or anywhere
                mutant[random.Next(random.Next(2) == 0 ? 8 : mutant.Length / 2, mutant.Length)] = (byte)random.Next(256);
                return mutant;
            case 1: // a digit of the header
                int at = random.Next(8, mutant.Length);
                for (; at < mutant.Length && !char.IsAsciiDigit((char)mutant[at]); at++)
                {
                }

                if (at < mutant.Length)
                {
                    mutant[at] = (byte)('0' + random.Next(10));
                }

                return mutant;
            case 2: // the header's length
                mutant[random.Next(2)] = (byte)random.Next(256);
                return mutant;
            default: // a part twice, or left out
                int start = random.Next(mutant.Length);
                int length = Math.Min(random.Next(12), mutant.Length - start);
                return random.Next(2) == 0 ? [.. mutant[..start], .. mutant[(start + length)..]]
                    : [.. mutant[..(start + length)], .. mutant[start..]];
        }
    }
}

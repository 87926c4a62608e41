using System.Diagnostics;
using System.Reflection;
using System.Text;
using LossService.Engine.Numerics;
using LossService.Wire;
using Xunit;
using Xunit.Sdk;

namespace LossService.Tests.Wire.Json;

public class LeakTests
{
    private static readonly byte[] Body = Encoding.UTF8.GetBytes(
        "{\"logits\":[" + string.Join(",", Enumerable.Range(0, 3_000)) + "],\"targets\":[" + string.Join(",", Enumerable.Range(0, 3_000))
        + "],\"mask\":[true],\"weight\":{\"shape\":[1],\"base64\":\"AACAPw==\"},\"dtype\":\"float64\"}");

    [Fact]
    public void Pool_ExhaustedAtAnyMoment_GetsEverythingBack()
    {
        int failures = 0;
        for (long bytes = 0; bytes < 400_000; bytes += 2_000)
        {
            var pool = new TensorPool(bytes) { PoisonsReturns = true };
            try
            {
                Reading.Of(Pieces.Of(Body, 500), pool: pool).Dispose();
            }
            catch (PoolExhaustedException)
            {
                failures++;
            }

            Assert.Equal(0, pool.Leases);
        }

        Assert.InRange(failures, 20, 190);
    }

    [Fact]
    public void Reading_ThatFailsAtAnyRead_GivesEverythingBack()
    {
        ReadLimits limits = Reading.Limits with { BufferedBytesMax = 100 };
        int reads = (Body.Length / 500) + 1;
        for (int failing = 0; failing < reads; failing++)
        {
            var pool = new TensorPool(1 << 30) { PoisonsReturns = true };
            Pieces pieces = Pieces.Of(Body, 500);
            Assert.Throws<IOException>(() => Reading.Of(
                new Pieces(PiecesOf(500)) { BeforeRead = n => Throw(n == failing) }, limits, pool: pool));
            Assert.Equal(0, pool.Leases);
        }
    }

    // Senders who stop before the end would fill the process otherwise.
    [Fact]
    public void Body_ThatWaitsForItsEnd_CountsAsLent()
    {
        var pool = new TensorPool(1 << 30);
        int most = 0;
        Reading.Of(
            new Pieces(PiecesOf(500))
            {
                BeforeRead = read =>
                {
                    Assert.True(pool.BytesLeased >= read * 500, $"{pool.BytesLeased} before read {read}");
                    most = read;
                },
            },
            pool: pool).Dispose();
        Assert.True(most > 20);
        Assert.Equal((0, 0), (pool.BytesLeased, pool.Leases));
    }

    [Fact]
    public void Reading_ThatIsCancelled_GivesEverythingBack()
    {
        using var source = new CancellationTokenSource();
        var pool = new TensorPool(1 << 30);
        ReadLimits limits = Reading.Limits with { BufferedBytesMax = 100 };
        Assert.Throws<OperationCanceledException>(() => Reading.Of(
            new Pieces(PiecesOf(500)) { BeforeRead = n => Cancel(source, n == 5) }, limits, pool: pool, cancelled: source.Token));
        Assert.Equal(0, pool.Leases);
    }

    [Fact]
    public void Detector_OfLeaks_CatchesAPlantedOne()
    {
        var pool = new TensorPool(1 << 30);
        Reading reading = Reading.Of(Pieces.Whole(Body), pool: pool);
        using Lease planted = pool.Rent(10);
        Assert.Throws<EqualException>(reading.Dispose);
    }

    [Fact]
    public void Reading_OfManyElements_AllocatesNoMoreThanOfFew()
    {
        string few = "{\"dtype\":\"float32\",\"logits\":[1,2,3],\"targets\":[1,2,3],\"reduction\":\"sum\",\"alpha\":0.5}";
        string numbers = string.Join(",", Enumerable.Repeat("0.12345", 50_000));
        string many = $"{{\"dtype\":\"float32\",\"logits\":[{numbers}],\"targets\":[{numbers}],\"reduction\":\"sum\",\"alpha\":0.5}}";
        var pool = new TensorPool(1 << 30);
        long Measure(string text)
        {
            byte[] body = Encoding.UTF8.GetBytes(text);
            long least = long.MaxValue;
            for (int i = 0; i < 20; i++)
            {
                Pieces pieces = Pieces.Whole(body);
                var request = new LossService.Engine.LossRequest(Reading.Card);
                long before = GC.GetAllocatedBytesForCurrentThread();
                Task read = new LossService.Wire.Json.JsonCodec().ReadAsync(pieces, request, Reading.Limits, pool, default).AsTask();
                long after = GC.GetAllocatedBytesForCurrentThread();
                Assert.True(read.IsCompletedSuccessfully);
                Assert.Empty(request.Mistakes.All);
                request.Dispose();
                least = Math.Min(least, after - before);
            }

            return least;
        }

        // About 1,000 bytes and 120 a tensor. A build for debugging boxes what an optimised one does not.
        long small = Measure(few);
        Assert.InRange(small, 0, 4_000);
        Assert.InRange(Measure(many), 0, IsOptimised ? small + 200 : long.MaxValue);
    }

    private static bool IsOptimised => typeof(LossService.Wire.Json.JsonCodec).Assembly
        .GetCustomAttribute<DebuggableAttribute>() is not { IsJITOptimizerDisabled: true };

    private static IEnumerable<ReadOnlyMemory<byte>> PiecesOf(int size) =>
        Body.Chunk(size).Select(piece => (ReadOnlyMemory<byte>)piece);

    private static void Throw(bool now)
    {
        if (now)
        {
            throw new IOException("planted");
        }
    }

    private static void Cancel(CancellationTokenSource source, bool now)
    {
        if (now)
        {
            source.Cancel();
        }
    }
}

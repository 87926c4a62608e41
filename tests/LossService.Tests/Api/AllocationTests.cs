using System.Buffers;
using System.Diagnostics;
using System.IO.Pipelines;
using System.Reflection;
using System.Text;
using LossService.Api;
using LossService.Api.Validation;
using LossService.Engine;
using LossService.Engine.Families;
using LossService.Engine.Numerics;
using LossService.Tests.Wire.Safetensors;
using LossService.Wire;
using LossService.Wire.Json;
using LossService.Wire.Safetensors;
using Xunit;

namespace LossService.Tests.Api;

/// <summary>What a request allocates between the first byte of its body and the last byte of its answer: reading, checking,
/// computing, writing, all of which is ours. It is little, and it does not grow with the request.</summary>
public sealed class AllocationTests
{
    private const int BytesMax = 4096;
    private const int Repetitions = 40;

    private static readonly Loss Loss = Catalogue.All.Single(loss => loss.Card.Name == "cross_entropy");

    public static TheoryData<string, int, int> Requests => new()
    {
        { "json", 32, 10 },
        { "json", 256, 100 },
        { "json", 1024, 1000 },
        { "safetensors", 32, 10 },
        { "safetensors", 256, 100 },
        { "safetensors", 1024, 1000 },
    };

    [Theory]
    [MemberData(nameof(Requests))]
    public void Request_OfAnySizeOnceWarm_AllocatesLessThan4KiB(string format, int rows, int classes)
    {
        var pool = new TensorPool(1 << 30);
        long allocated = Least(pool, format, rows, classes, 0);
        Assert.InRange(allocated, 1, IsOptimised ? BytesMax : 4 * BytesMax); // a debugging build boxes more
        Assert.Equal(0, pool.Leases);
    }

    [Fact]
    public void Measure_OfAPlantedAllocationThatGrows_SeesIt()
    {
        var pool = new TensorPool(1 << 30);
        long planted = Least(pool, "json", 256, 100, 256 * 100) - Least(pool, "json", 256, 100, 0);
        Assert.InRange(planted, 256 * 100, 2 * 256 * 100);
    }

    // The least of many runs: what the compiler or the runtime allocates beside one of them is not the request's.
    private static long Least(TensorPool pool, string format, int rows, int classes, int planted)
    {
        byte[] body = format == "json" ? Json(rows, classes) : Raw(rows, classes);
        Codec codec = format == "json" ? new JsonCodec() : new SafetensorsCodec();
        var filter = new ValidationFilter(new RequestValidator());
        ReadLimits limits = new Limits().ForReading();
        var answer = new Sink();
        long least = long.MaxValue;
        for (int run = 0; run < Repetitions; run++)
        {
            var windows = new Windows(body);
            long before = GC.GetAllocatedBytesForCurrentThread();
            Answer(codec, windows, filter, limits, pool, answer, planted);
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        return least;
    }

    private static void Answer(
        Codec codec, PipeReader body, ValidationFilter filter, ReadLimits limits,
        TensorPool pool, PipeWriter answer, int planted)
    {
        GC.KeepAlive(planted == 0 ? null : new byte[planted]);
        using var request = new LossRequest(Loss.Card);
        Wait(codec.ReadAsync(body, request, limits, pool, default));
        request.Resolve();
        filter.Check(request);
        Assert.True(request.Mistakes.IsEmpty);
        using LossResult result = Loss.Run(request, new Workshop(pool));
        codec.LengthOf(result);
        Wait(codec.WriteAsync(answer, result, default));
    }

    // Nothing here waits for anybody, so nothing may have moved to another thread, whose allocations would not count.
    private static void Wait(ValueTask task)
    {
        Assert.True(task.IsCompleted);
        task.GetAwaiter().GetResult();
    }

    private static byte[] Json(int rows, int classes)
    {
        var random = new Random(3);
        IEnumerable<string> lines = Enumerable.Range(0, rows).Select(_ =>
            "[" + string.Join(',', Enumerable.Range(0, classes).Select(_ => $"{random.NextSingle():R}")) + "]");
        string labels = string.Join(',', Enumerable.Range(0, rows).Select(row => row % classes));
        return Encoding.UTF8.GetBytes($"{{\"logits\":[{string.Join(',', lines)}],\"targets\":[{labels}]}}");
    }

    private static byte[] Raw(int rows, int classes)
    {
        float[] logits = [.. Enumerable.Range(0, rows * classes).Select(i => i % 7 * 0.25f)];
        long[] labels = [.. Enumerable.Range(0, rows).Select(row => (long)(row % classes))];
        return Safe.File(
        [
            ("logits", "F32", [rows, classes], Safe.Bytes<float>(logits)), ("targets", "I64", [rows], Safe.Bytes<long>(labels)),
        ]);
    }

    private static bool IsOptimised => typeof(JsonCodec).Assembly
        .GetCustomAttribute<DebuggableAttribute>() is not { IsJITOptimizerDisabled: true };

    /// <summary>A body that arrives 32 KiB at a time, and allocates nothing for it.</summary>
    private sealed class Windows(byte[] body) : PipeReader
    {
        private int _start;
        private int _end;

        public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
        {
            _end = Math.Min(body.Length, _end + (32 << 10));
            return new(new ReadResult(
                new ReadOnlySequence<byte>(body, _start, _end - _start), isCanceled: false, isCompleted: _end == body.Length));
        }

        public override void AdvanceTo(SequencePosition consumed) => _start = consumed.GetInteger();

        public override void AdvanceTo(SequencePosition consumed, SequencePosition examined) => AdvanceTo(consumed);

        public override void CancelPendingRead() => throw new NotSupportedException();

        public override void Complete(Exception? exception = null)
        {
        }

        public override bool TryRead(out ReadResult result) => throw new NotSupportedException();
    }

    /// <summary>Takes everything in and keeps nothing.</summary>
    private sealed class Sink : PipeWriter
    {
        private readonly byte[] _room = new byte[64 << 10];

        public override void Advance(int bytes)
        {
        }

        public override void CancelPendingFlush()
        {
        }

        public override void Complete(Exception? exception = null)
        {
        }

        public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default) => new(default(FlushResult));

        public override Memory<byte> GetMemory(int sizeHint = 0) => _room;

        public override Span<byte> GetSpan(int sizeHint = 0) => _room;
    }
}

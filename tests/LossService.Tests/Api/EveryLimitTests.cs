using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using LossService.Api;
using LossService.Api.Admission;
using LossService.Api.Connections;
using LossService.Engine;
using LossService.Engine.Cards;
using LossService.Engine.Families;
using LossService.Engine.Numerics;
using LossService.Tests.Api.Connections;
using LossService.Tests.Faults;
using LossService.Tests.Http;
using LossService.Tests.Wire.Safetensors;
using LossService.Wire;
using LossService.Wire.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Xunit;

namespace LossService.Tests.Api;

/// <summary>Every limit of the list just below, at, just above and at twice its value, and where a body may claim a size, at the
/// edges of integers. A limit that nobody wrote a test for fails here. Of those that only a connection shows it is seen here that
/// the server was given them; at work are seen head_time, idle_time, body_rate_min, answer_rate_min, slow_time and connections by
/// <see cref="RefusalTests"/>, streams by <see cref="Http2LimitTests"/>, which of both windows sees that clients are told
/// them.</summary>
public sealed partial class EveryLimitTests
{
    private const string Mse = "mse_loss";

    // Where a number overflows, if anything does.
    private static readonly string[] Giants =
        ["2147483647", "2147483648", "4294967296", "9223372036854775807", "9223372036854775808", "18446744073709551616"];

    public static TheoryData<string> Names => [.. new Limits().List().Select(limit => limit.Name)];

    private static Dictionary<string, Func<string, Task>> Tests { get; } = new()
    {
        ["body"] = name => AroundAsync(name, "BodyBytesMax", 200, size =>
            Call.Of(Mse, """{"predictions":[1],"targets":[1]}""".PadRight(size))),
        ["elements"] = ElementsAsync,
        ["wrong_elements"] = WrongAsync,
        ["rank"] = name => AroundAsync(name, "DepthMax", 40, Shape.RankMax, rank =>
            Call.Of(Mse, $$"""{"predictions":{{Nest(rank)}},"targets":{{Nest(rank)}}}""")),
        ["paired_axis"] = name => AroundAsync(name, "DepthMax", 16, AxisMax.Paired, Paired),
        ["formed_elements"] = FormedAsync,
        ["lease"] = Lease,
        ["depth"] = name => AroundAsync(name, "DepthMax", 5, depth =>
            Call.Of(Mse, $$"""{"predictions":{{Nest(depth - 1)}},"targets":{{Nest(depth - 1)}}}""")),
        ["literal"] = name => AroundAsync(name, "LiteralBytesMax", 40, length =>
            Call.Of(Mse, $$"""{"predictions":[{{"1.".PadRight(length, '0')}}],"targets":[1]}""")),
        ["header"] = HeaderAsync,
        ["buffered_body"] = BufferedAsync,
        ["pool"] = Pool,
        ["threads"] = name => SameBitsAsync(name, "ThreadsMax"),
        ["inline_work"] = InlineAsync,
        ["work"] = WorkAsync,
        ["compute_threads"] = name => SameBitsAsync(name, "ComputeThreadsMax"),
        ["queue_time"] = QueueAsync,
        ["timeout"] = TimeoutAsync,
        ["request_line"] = LineAsync,
        ["headers_size"] = HeadersSizeAsync,
        ["headers"] = HeadersAsync,
        ["head_time"] = Server(limits => limits.HeadSecondsMax = 7, server => server.RequestHeadersTimeout.TotalSeconds),
        ["idle_time"] = Server(limits => limits.IdleSecondsMax = 77, server => server.KeepAliveTimeout.TotalSeconds),
        ["body_rate_min"] = Server(
            limits => limits.BodyBytesPerSecondMin = 555, server => server.MinRequestBodyDataRate!.BytesPerSecond),
        ["answer_rate_min"] = Server(
            limits => limits.AnswerBytesPerSecondMin = 444, server => server.MinResponseDataRate!.BytesPerSecond),
        ["slow_time"] = Server(
            limits => limits.SlowSecondsMax = 9, server => server.MinRequestBodyDataRate!.GracePeriod.TotalSeconds),
        ["stall_time"] = StallAsync,
        ["body_buffer"] = TransportBuffers.BodyAsync,
        ["answer_buffer"] = TransportBuffers.AnswerAsync,
        ["connections"] = Server(limits => limits.ConnectionsMax = 11, server => server.MaxConcurrentConnections!.Value),
        ["streams"] = Server(limits => limits.StreamsMax = 12, server => server.Http2.MaxStreamsPerConnection),
        ["stream_window"] = Server(
            limits => limits.StreamWindowBytesMax = 70_000, server => server.Http2.InitialStreamWindowSize),
        ["drain_time"] = DrainAsync,
        ["connection_window"] = Server(
            limits => limits.ConnectionWindowBytesMax = 80_000, server => server.Http2.InitialConnectionWindowSize),
        ["frame_rate"] = name => FramesAsync(name, limits => limits.FramesPerSecondMax = 2000, TimeSpan.FromSeconds(1)),
        ["frame_burst"] = name => FramesAsync(name, limits => limits.FrameBurstMax = 3000, TimeSpan.Zero),
    };

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Limit_AtItsEdges_IsKept(string name)
    {
        Assert.True(Tests.TryGetValue(name, out Func<string, Task>? test), $"nobody tests the limit {name}");
        await test(name);
    }

    [Fact]
    public async Task Info_OfEveryLimit_SaysValueUnitAndReason()
    {
        JsonNode info = await Service.In("Production").ReadAsync("/v1/info");
        foreach (Limit limit in new Limits().List())
        {
            JsonNode told = info["limits"]!.AsArray().Single(one => (string?)one!["name"] == limit.Name)!;
            Assert.False(string.IsNullOrWhiteSpace((string?)told["unit"]));
            Assert.True(((string?)told["reason"])!.Length > 20);
            Assert.InRange((long)told["value"]!, limit.Least, limit.Most);
        }

        Assert.Equal(new Limits().List().Count, info["limits"]!.AsArray().Count);
    }

    private static Task AroundAsync(string name, string setting, int limit, Func<int, Call> ofSize) =>
        AroundAsync(name, setting, limit, limit, ofSize);

    private static async Task AroundAsync(string name, string setting, int value, int limit, Func<int, Call> ofSize)
    {
        using var instance = new Instance(Catalogue.All, (setting, $"{value}"));
        foreach (int size in (int[])[limit - 1, limit, limit + 1, 2 * limit])
        {
            Call call = ofSize(size);
            foreach (int piece in new[] { int.MaxValue, 7 })
            {
                Reply reply = await instance.SendAsync(call with { PieceBytes = piece == 7 ? 1 + (call.Body.Length / 7) : piece });
                if (size <= limit)
                {
                    Assert.True(reply.Status == 200, $"{size}: {reply.Text}");
                }
                else
                {
                    AssertLimit(name, reply);
                }
            }
        }
    }

    private static async Task ElementsAsync(string name)
    {
        string Flat(string shape, int count) => $$"""{"shape":[{{shape}}],"data":[{{string.Join(',', Enumerable.Repeat(1, count))}}]}""";
        await AroundAsync(name, "ElementsMax", 50, count =>
            Call.Of(Mse, $$"""{"predictions":[{{string.Join(',', Enumerable.Repeat(1, count))}}],"targets":{{Flat($"{count}", count)}}}"""));
        using var instance = new Instance(Catalogue.All, ("ElementsMax", "50"));
        foreach (string giant in Giants)
        {
            foreach (string shape in new[] { giant, $"{giant},0", $"0,{giant}", $"{giant},{giant}", $"65536,{giant}" })
            {
                AssertRefused(await instance.SendAsync(Call.Of(Mse, $$"""{"predictions":{{Flat(shape, 0)}},"targets":[]}""")));
                string header = $$$"""{"predictions":{"dtype":"F32","shape":[{{{shape}}}],"data_offsets":[0,4]}}""";
                AssertRefused(await instance.SendAsync(
                    new Call(Mse, Safe.File(header, 0, 0, 0, 0)) { ContentType = Call.Safetensors }));
            }
        }
    }

    private static async Task HeaderAsync(string name)
    {
        const string Tensors = """{"predictions":{"dtype":"F32","shape":[],"data_offsets":[0,4]},"targets":{"dtype":"F32","shape":[],"data_offsets":[4,8]}}""";
        await AroundAsync(name, "SafetensorsHeaderBytesMax", 1024, length =>
            new Call(Mse, Safe.File(Tensors.PadRight(length), new byte[8])) { ContentType = Call.Safetensors });
        using var instance = new Instance(Catalogue.All, ("SafetensorsHeaderBytesMax", "1024"));
        foreach (ulong length in (ulong[])[int.MaxValue, 1UL << 31, 1UL << 32, long.MaxValue, 1UL << 63, ulong.MaxValue])
        {
            byte[] body = [.. BitConverter.GetBytes(length), .. Encoding.UTF8.GetBytes(Tensors), .. new byte[8]];
            AssertRefused(await instance.SendAsync(new Call(Mse, body) { ContentType = Call.Safetensors }));
        }
    }

    // No refusal by itself: beyond it, dtype may no longer stand at the end.
    private static async Task BufferedAsync(string name)
    {
        const int Limit = 1024;
        using var instance = new Instance(Catalogue.All, ("BufferedBytesMax", $"{Limit}"));
        foreach (int size in new[] { Limit - 1, Limit, Limit + 1, 2 * Limit })
        {
            const string Rest = ""","targets":[1],"dtype":"float64"}""";
            string body = """{"predictions":[1""".PadRight(size - Rest.Length - 1) + "]" + Rest;
            Reply reply = await instance.SendAsync(Call.Of(Mse, body) with { PieceBytes = 100 });
            Assert.Equal(size <= Limit ? 200 : 422, reply.Status);
        }

        Assert.Equal("buffered_body", name);
    }

    // Wrong in any way, and beyond the limit nothing more is read: the body may go on as it likes.
    private static async Task WrongAsync(string name)
    {
        const int Limit = ReadLimits.WrongElementsMax;
        using var instance = new Instance(Catalogue.All);
        foreach ((string head, string wrong) in ((string, string)[])[("[1", ",\"a\""), ("[1", ",true"), ("[1", ",[2]"), ("[[1]", ",1"), ("[[1]", ",[]"), ("[1", ",1e999"), ("[1", ",{}")])
        {
            foreach (int count in (int[])[Limit - 1, Limit, Limit + 1, 2 * Limit])
            {
                string body = $$"""{"predictions":{{head}}{{string.Concat(Enumerable.Repeat(wrong, count))}}{{(count > Limit ? "" : "],\"targets\":1}")}}""";
                Reply reply = await instance.SendAsync(Call.Of(Mse, body));
                Assert.True(reply.Status is 400 or 413 or 422, reply.Text);
                JsonArray errors = JsonNode.Parse(reply.Text)!["errors"]!.AsArray();
                Assert.Equal(Math.Min(count, Limit + 1), (int)errors[0]!["count"]!);
                Assert.Equal(count > Limit, errors.Any(error => (string?)error!["limit"] == name));
            }
        }
    }

    // Cosines between vectors and classes of one number each, so that what is sent is small.
    private static async Task FormedAsync(string name)
    {
        string Vectors(int count) => $$"""{"shape":[{{count}},1],"data":[{{string.Join(',', Enumerable.Repeat(1, count))}}]}""";
        using var instance = new Instance(Catalogue.All);
        foreach ((int samples, int classes) in ((int, int)[])[(4095, 4096), (4096, 4096), (4096, 4097), (8192, 4096)])
        {
            Reply reply = await instance.SendAsync(Call.Of("arcface_loss",
                $$"""{"embeddings":{{Vectors(samples)}},"class_centers":{{Vectors(classes)}},"targets":{"shape":[{{samples}}],"data":[{{string.Join(',', Enumerable.Repeat(0, samples))}}]},"gradients":[]}"""));
            if ((long)samples * classes <= Oversize.ElementsMax)
            {
                Assert.True(reply.Status == 200, reply.Text);
            }
            else
            {
                AssertLimit(name, reply);
            }
        }
    }

    // However little is out, no pool lends more in one piece: the caller is not told to come back.
    private static Task Lease(string name)
    {
        var pool = new TensorPool(TensorPool.BytesMaxMax) { Making = bytes => throw new InsufficientMemoryException() };
        Assert.Equal(TensorPool.LeaseBytesMax, new Limits().List().Single(limit => limit.Name == name).Value);
        foreach (long size in (long[])[TensorPool.LeaseBytesMax - 1, TensorPool.LeaseBytesMax, TensorPool.LeaseBytesMax + 1L, int.MaxValue, 1L << 31, 1L << 32, long.MaxValue])
        {
            PoolExhaustedException exhausted = Assert.Throws<PoolExhaustedException>(() => pool.Rent(size));
            Problem problem = ProblemMiddleware.Of(exhausted, new Limits());
            Assert.Equal(size <= TensorPool.LeaseBytesMax ? 429 : 413, problem.Status);
            Assert.Equal(size <= TensorPool.LeaseBytesMax ? null : name, problem.Errors?.Single().Limit);
        }

        // Products of lengths that pass 2^31 come to the pool as they are.
        var scratch = new Scratch(pool);
        Assert.True(Assert.Throws<PoolExhaustedException>(() => { scratch.Take<double>(0, 1L << 31); }).IsForEver);
        Assert.True(Assert.Throws<PoolExhaustedException>(() => Tensor.RentVector(pool, 1L << 31, Element.Float64)).IsForEver);
        Assert.True(Assert.Throws<PoolExhaustedException>(() => Tensor.Rent(pool, new Shape(1 << 28), Element.Float64)).IsForEver);
        Assert.Equal(1L << 31, MatrixPanels.Length(1, 16, 1 << 27));
        return Task.CompletedTask;
    }

    private static Task Pool(string name)
    {
        const int Limit = 1 << 16;
        var pool = new TensorPool(Limit);
        pool.Rent(Limit - 1).Dispose();
        pool.Rent(Limit).Dispose();
        foreach (int size in new[] { Limit + 1, 2 * Limit, 1 << 30, (1 << 30) + 1, int.MaxValue })
        {
            Assert.Throws<PoolExhaustedException>(() => pool.Rent(size));
        }

        Assert.Equal(0, pool.BytesLeased);
        Assert.Equal(Limit, new Limits { PoolBytesMax = Limit }.List().Single(limit => limit.Name == name).Value);
        return Task.CompletedTask;
    }

    private static async Task SameBitsAsync(string name, string setting)
    {
        var answers = new List<string>();
        foreach (string threads in new[] { "1", "2", "1024" })
        {
            using var instance = new Instance(Catalogue.All, (setting, threads));
            answers.Add(Convert.ToHexString((await instance.SendAsync(Bodies.Safetensors(1000, 50))).Body));
        }

        Assert.True(answers.Distinct().Count() == 1, name);
    }

    // By a clock that only notes for when it is set.
    private static async Task DrainAsync(string name)
    {
        const int Limit = 30_000;
        foreach (int value in (int[])[Limit - 1, Limit, Limit + 1, 2 * Limit, 0])
        {
            var clock = new HeldTimers();
            using var service = new Service("Production", ("Limits:DrainMillisecondsMax", $"{value}"))
            {
                Also = services => services.AddSingleton<TimeProvider>(clock),
            };
            Readiness readiness = service.Services.GetRequiredService<Readiness>();
            using var patience = new CancellationTokenSource();
            Task stopping = readiness.StoppingAsync(patience.Token);
            Assert.True(readiness.IsDraining, name);
            Assert.Equal(value == 0, stopping.IsCompleted);
            Assert.Equal(value == 0 ? [] : [TimeSpan.FromMilliseconds(value)], clock.Set);
            await patience.CancelAsync();
            await stopping;
            clock.AreOver = true;
        }
    }

    // How much may be taken at once, and how much has come back after a second; that frames of a connection are what is
    // taken, and that the server keeps to it, Http2FloodTests show.
    private static Task FramesAsync(string name, Action<Limits> set, TimeSpan rest)
    {
        var limits = new Limits();
        set(limits);
        long limit = limits.List().Single(one => one.Name == name).Value;
        foreach (long price in (long[])[limit - 1, limit, limit + 1, 2 * limit, int.MaxValue, 1L << 32])
        {
            var clock = new StandingClock();
            var budget = new FrameBudget(limits, clock);
            if (rest > TimeSpan.Zero)
            {
                budget.Take(limits.FrameBurstMax);
                Assert.Equal(TimeSpan.Zero, budget.Wait);
                clock.Advance(rest);
            }

            budget.Take(price);
            Assert.Equal(price > limit, budget.Wait > TimeSpan.Zero);
        }

        return Task.CompletedTask;
    }

    // What the server itself keeps has to reach it; that it keeps it is seen elsewhere.
    private static Func<string, Task> Server(Action<Limits> set, Func<KestrelServerLimits, double> get) => name =>
    {
        var limits = new Limits();
        set(limits);
        Assert.Empty(limits.OutOfRange());
        var options = new KestrelServerOptions();
        new KestrelLimits(Options.Create(limits), TimeProvider.System).Configure(options);
        long expected = limits.List().Single(limit => limit.Name == name).Value;
        Assert.NotEqual(expected, new Limits().List().Single(limit => limit.Name == name).Value);
        Assert.Equal(expected, get(options.Limits));
        return Task.CompletedTask;
    };

    private static Call Paired(int length)
    {
        string numbers = string.Join(',', Enumerable.Range(0, length).Select(i => i % 3));
        return Call.Of("ranknet_loss", $$"""{"scores":[[{{numbers}}]],"relevance":[[{{numbers}}]],"gradients":[]}""");
    }

    private static string Nest(int rank) => new string('[', rank) + "1" + new string(']', rank);

    private static void AssertLimit(string name, Reply reply)
    {
        Assert.True(reply.Status == 413, reply.Text);
        JsonNode problem = JsonNode.Parse(reply.Text)!;
        Assert.Equal("limit_exceeded", (string?)problem["code"]);
        Assert.Contains(problem["errors"]!.AsArray(), error => (string?)error!["limit"] == name);
    }

    private static void AssertRefused(Reply reply) => Assert.True(reply.Status is 400 or 413 or 422, $"{reply.Status} {reply.Text}");
}

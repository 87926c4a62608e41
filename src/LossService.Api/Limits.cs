using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text.Json.Serialization;
using LossService.Engine.Cards;
using LossService.Engine.Families;
using LossService.Engine.Numerics;
using LossService.Wire;

namespace LossService.Api;

/// <summary>Everything the service refuses to exceed; configuration section <c>Limits</c> overrides the defaults, and
/// <c>GET /v1/info</c> lists them. <see cref="List"/> says each one's unit, range and reason.</summary>
public sealed class Limits
{
    /// <summary>The configuration section.</summary>
    public const string Section = "Limits";

    /// <summary>The largest body, in bytes.</summary>
    public long BodyBytesMax { get; set; } = 256L << 20;

    /// <summary>The most elements of one tensor.</summary>
    public int ElementsMax { get; set; } = 1 << 24;

    /// <summary>The deepest nesting of JSON.</summary>
    public int DepthMax { get; set; } = 16;

    /// <summary>The longest number or string outside base64, in bytes.</summary>
    public int LiteralBytesMax { get; set; } = 1100;

    /// <summary>The largest body that is read whole before it is parsed, in bytes.</summary>
    public int BufferedBytesMax { get; set; } = 1 << 20;

    /// <summary>The longest header of a safetensors body, in bytes.</summary>
    public int SafetensorsHeaderBytesMax { get; set; } = 1 << 20;

    /// <summary>What all requests together may hold in tensors, in bytes.</summary>
    public long PoolBytesMax { get; set; } = 1L << 30;

    /// <summary>How many threads one request may use.</summary>
    public int ThreadsMax { get; set; } = Environment.ProcessorCount;

    /// <summary>The dearest request that is answered on the thread on which it arrives, in steps of ten
    /// nanoseconds.</summary>
    public int InlineStepsMax { get; set; } = 1 << 14;

    /// <summary>The dearest request that is computed at all, in steps of ten nanoseconds.</summary>
    public long WorkStepsMax { get; set; } = 60_000_000_000;

    /// <summary>How many threads all larger requests share.</summary>
    public int ComputeThreadsMax { get; set; } = Environment.ProcessorCount;

    /// <summary>How long a request may have to wait for those before it, in milliseconds; one that takes longer itself
    /// may wait for one like it.</summary>
    public int QueueMillisecondsMax { get; set; } = 50;

    /// <summary>The longest time that a caller may give a request by X-Timeout-Ms, in milliseconds.</summary>
    public int TimeoutMillisecondsMax { get; set; } = 3_600_000;

    /// <summary>The longest request line, path and query included, in bytes.</summary>
    public int RequestLineBytesMax { get; set; } = 8 << 10;

    /// <summary>All request headers together, in bytes: names, values, and four more a line.</summary>
    public int HeaderBytesMax { get; set; } = 32 << 10;

    /// <summary>The most request headers.</summary>
    public int HeadersMax { get; set; } = 100;

    /// <summary>How long the request line and headers may take to arrive, in seconds.</summary>
    public int HeadSecondsMax { get; set; } = 10;

    /// <summary>How long a connection may stay idle between requests, in seconds.</summary>
    public int IdleSecondsMax { get; set; } = 120;

    /// <summary>The slowest sender of a body, in bytes a second.</summary>
    public int BodyBytesPerSecondMin { get; set; } = 4 << 10;

    /// <summary>The slowest reader of an answer, in bytes a second.</summary>
    public int AnswerBytesPerSecondMin { get; set; } = 4 << 10;

    /// <summary>How long a sender or reader may be slower than that, in seconds.</summary>
    public int SlowSecondsMax { get; set; } = 5;

    /// <summary>How far a body may fall behind its slowest rate, whatever came before, in seconds.</summary>
    public int StallSecondsMax { get; set; } = 30;

    /// <summary>How much of a body is received before it is read, in bytes.</summary>
    public int BodyBufferBytesMax { get; set; } = 256 << 10;

    /// <summary>How much of an answer waits for its reader before writing pauses, in bytes; as much again waits in the
    /// system.</summary>
    public int AnswerBufferBytesMax { get; set; } = 128 << 10;

    /// <summary>The most connections at a time.</summary>
    public int ConnectionsMax { get; set; } = 2048;

    /// <summary>The most requests of one HTTP/2 connection at a time.</summary>
    public int StreamsMax { get; set; } = 100;

    /// <summary>How much of an HTTP/2 body may arrive before it is read, in bytes.</summary>
    public int StreamWindowBytesMax { get; set; } = 256 << 10;

    /// <summary>The same of all bodies of an HTTP/2 connection together, in bytes.</summary>
    public int ConnectionWindowBytesMax { get; set; } = 1 << 20;

    /// <summary>How many frames an HTTP/2 connection may send a second for long; those that a flood is made of count as
    /// a hundred and more.</summary>
    public int FramesPerSecondMax { get; set; } = 100_000;

    /// <summary>How many of them it may send at once.</summary>
    public int FrameBurstMax { get; set; } = 12_000;

    /// <summary>How long a service that was asked to stop goes on answering, so that whoever spreads requests notices,
    /// in milliseconds; 0 in Development, where a person waits.</summary>
    public int DrainMillisecondsMax { get; set; } = 5000;

    /// <summary>What a codec has to know.</summary>
    public ReadLimits ForReading() => new(BodyBytesMax, ElementsMax, DepthMax, LiteralBytesMax, BufferedBytesMax)
    {
        HeaderBytesMax = SafetensorsHeaderBytesMax,
    };

    /// <summary>Every limit with its unit, the range that configuration may choose from, and its reason.</summary>
    public IReadOnlyList<Limit> List() =>
    [
        new("body", BodyBytesMax, "bytes", 1, 1L << 34,
            "2^24 numbers at 16 characters each; of a packed body it is what it unpacks to."),
        new("elements", ElementsMax, "elements", 1, 1 << 27,
            "16 M floats and their gradient are 256 MiB in float64: several fit in a container."),
        new("wrong_elements", ReadLimits.WrongElementsMax, "elements", ReadLimits.WrongElementsMax,
            ReadLimits.WrongElementsMax,
            "Elements of a wrong kind cost dozens of times what right ones do; behind so many no slip is left to be told."),
        new("rank", Shape.RankMax, "axes", Shape.RankMax, Shape.RankMax,
            "More axes than any loss of the catalogue names; shapes cost a request no memory."),
        new("paired_axis", AxisMax.Paired, "elements", AxisMax.Paired, AxisMax.Paired,
            "Losses of pairs cost the square of a list: 67 million pairs are a second; a card may say less."),
        new(Oversize.Limit, Oversize.ElementsMax, "elements", Oversize.ElementsMax, Oversize.ElementsMax,
            "Cosines between all vectors and classes, places of all tuples: more than came, and as many as may come."),
        new("lease", TensorPool.LeaseBytesMax, "bytes", TensorPool.LeaseBytesMax, TensorPool.LeaseBytesMax,
            "One tensor, or one part of a computation's memory: eight times the largest tensor of float64."),
        new("depth", DepthMax, "levels", 3, 64,
            "Eight axes inside the body and a claim around them, twice over; a deeper body is an attack."),
        new("literal", LiteralBytesMax, "bytes", 32, 1 << 16,
            "The exact decimal text of any float64 takes at most 1,077 characters."),
        new("buffered_body", BufferedBytesMax, "bytes", 1 << 10, 1 << 28,
            "Up to here dtype may stand anywhere; a larger body is parsed as it arrives and never held whole."),
        new("header", SafetensorsHeaderBytesMax, "bytes", 1 << 10, 1 << 26,
            "The tensors of a loss are described in 2 KiB of safetensors header; more is not meant for a loss."),
        new("pool", PoolBytesMax, "bytes", 1 << 16, TensorPool.BytesMaxMax,
            "Four of the largest float64 tensors with their gradients, half of a 2 GiB container."),
        new("threads", ThreadsMax, "threads", 1, 1024,
            "All processors by default; the answer has the same bits for any number."),
        new("inline_work", InlineStepsMax, "steps of 10 ns", 0, int.MaxValue,
            "Some 1,300 elements of JSON, 150 microseconds; what costs more is computed on threads of its own."),
        new("work", WorkStepsMax, "steps of 10 ns", 1, 1L << 50,
            "Ten minutes of one processor, as shapes and parameters foretell it; triplets and iterations need few bytes."),
        new("compute_threads", ComputeThreadsMax, "threads", 1, 1024,
            "All processors by default; the system prefers the threads that answer small requests."),
        new("queue_time", QueueMillisecondsMax, "milliseconds", 1, 60_000,
            "Refused sooner, a caller can ask another instance; a request that takes longer may wait for one like it."),
        new("timeout", TimeoutMillisecondsMax, "milliseconds", 1, int.MaxValue,
            "An hour: longer than any request takes; a larger X-Timeout-Ms counts as this."),
        new("request_line", RequestLineBytesMax, "bytes", 256, 1 << 16,
            "All parameters of a loss fit in a query string of 2 KiB."),
        new("headers_size", HeaderBytesMax, "bytes", 1 << 10, 1 << 20,
            "Names, values and 4 a line: proxies add a few KiB; of ours is read X-Timeout-Ms alone."),
        new("headers", HeadersMax, "headers", 10, 1000,
            "Browsers and proxies together send about 40."),
        new("head_time", HeadSecondsMax, "seconds", 1, 600,
            "Headers fit in a few packets; a slower sender only occupies a connection."),
        new("idle_time", IdleSecondsMax, "seconds", 1, 3600,
            "Longer than the idle time of common load balancers (60 s), so that they close first."),
        new("body_rate_min", BodyBytesPerSecondMin, "bytes/second", 1, 1 << 30,
            "Slower than any modem link still in use; a slower sender only occupies a connection."),
        new("answer_rate_min", AnswerBytesPerSecondMin, "bytes/second", 1, 1 << 30,
            "The same for a reader, whose answer also occupies tensors."),
        new("slow_time", SlowSecondsMax, "seconds", 2, 600,
            "Time for a lost packet to be sent again, twice."),
        new("stall_time", StallSecondsMax, "seconds", 1, 3600,
            "What came holds memory that others need; a train is through most tunnels by then."),
        new("body_buffer", BodyBufferBytesMax, "bytes", 128 << 10, 1 << 24,
            "Received in one go, while small requests wait; a large body gains little by more."),
        new("answer_buffer", AnswerBufferBytesMax, "bytes", 1 << 10, 1 << 24,
            "Twice what is handed over at once, so that writing goes on while the first half leaves."),
        new("connections", ConnectionsMax, "connections", 1, 1 << 20,
            "A slow reader holds six blocks of 32 KiB, 384 MiB if all do; what a sender holds counts towards pool."),
        new("streams", StreamsMax, "requests", 1, 1000,
            "RFC 9113 advises against fewer than 100; each may hold a stream_window and its tensors."),
        new("stream_window", StreamWindowBytesMax, "bytes", 65_535, 1 << 24,
            "Keeps 100 Mbit/s busy over 20 ms; the least is that of RFC 9113."),
        new("connection_window", ConnectionWindowBytesMax, "bytes", 65_535, 1 << 26,
            "Four streams at full speed; a connection of unread bodies holds no more, however many streams it has."),
        new("frame_rate", FramesPerSecondMax, "frames/second", 1000, int.MaxValue,
            "1.6 GB/s of a body; a request counts as 10 frames, a reset, ping or the like as 100, a connection as 500, a continuation as 1,000, a connection that has to be cut off as 100,000."),
        new("frame_burst", FrameBurstMax, "frames", 1000, int.MaxValue,
            "A hundred requests that are sent and taken back at once are 11,000."),
        new("drain_time", DrainMillisecondsMax, "milliseconds", 0, 600_000,
            "Three failures of a probe every second, and time for Kubernetes to take an address out of its lists."),
    ];

    /// <summary>What is wrong with the configuration, a sentence for each limit outside its range.</summary>
    public IEnumerable<string> OutOfRange() => List()
        .Where(limit => limit.Value < limit.Least || limit.Value > limit.Most)
        .Select(limit => string.Create(
            CultureInfo.InvariantCulture,
            $"{limit.Setting}: expected {limit.Least} to {limit.Most} {limit.Unit}, found {limit.Value}"));
}

/// <summary>One limit as <c>/v1/info</c> shows it.</summary>
/// <param name="Name">Its name, as in the errors that it causes; a greatest value unless it ends in _min.</param>
/// <param name="Value">Its value now.</param>
/// <param name="Unit">What the value counts.</param>
/// <param name="Least">The least value that configuration may choose.</param>
/// <param name="Most">The greatest value that configuration may choose.</param>
/// <param name="Reason">Why it has its default value.</param>
/// <param name="Property">Where the value was taken from.</param>
public sealed record Limit(
    string Name, long Value, string Unit, long Least, long Most, string Reason,
    [property: JsonIgnore][CallerArgumentExpression("Value")] string Property = "")
{
    /// <summary>The setting that changes it, <c>Limits:…</c>; absent where none does.</summary>
    public string? Setting => Least == Most ? null : $"{Limits.Section}:{Property}";
}

using System.Globalization;
using System.IO.Pipelines;
using System.Text;
using LossService.Engine;
using LossService.Engine.Cards;
using LossService.Engine.Numerics;
using LossService.Wire;
using LossService.Wire.Json;
using Xunit;

namespace LossService.Tests.Wire.Json;

public class PiecesTests
{
    // Small enough that a body of a kilobyte is read as it arrives.
    private static readonly ReadLimits Streaming = Reading.Limits with { BufferedBytesMax = 0 };

    public static TheoryData<string> Bodies { get; } =
    [
        "{}",
        "{\"logits\":[[1.5,-2e-3],[\"NaN\",1e400]],\"targets\":[0,2.0],\"alpha\":null}",
        " \r\n{ \"logits\" : { \"shape\" : [ 2 , 1 ] , \"data\" : [ 1 , \"-Infinity\" ] } , \"mask\" : [ true , false ] }\n ",
        "{\"logits\":{\"base64\":\"AACAPwAAAMA=\",\"dtype\":\"float32\",\"shape\":[2]},\"gradients\":[\"logits\",\"targets\"]}",
        "{\"logits\":{\"base64\":\"\\u0041\\u0041CAPwAAAM\\u0041\\u003d\",\"shape\":[2]},\"labels\":[]}",
        "{\"logits\":{\"base64\":\"AACAP=w=\",\"shape\":[1]}}",
        "{\"targets\":[[0.5,1],[1e-1,0.25]],\"reduction\":\"none\",\"smooth\":false,\"rounds\":7}",
        "{\"logits\":[[1,2],[3],[4,null]],\"x\\u00e9\ud83d\ude00\":{\"a\":[\"\\ud83d\\ude00\",{}]},\"distance\":\"\\u006c1\"}",
        "{\"logits\":3,\"logits\":4,\"reducton\":[[[]]]}",
    ];

    [Theory]
    [MemberData(nameof(Bodies))]
    public void Body_CutAnywhere_ReadsTheSame(string text)
    {
        byte[] body = Encoding.UTF8.GetBytes(text);
        string expected = Digest(Pieces.Whole(body), Reading.Limits);
        foreach (ReadLimits limits in new[] { Reading.Limits, Streaming })
        {
            for (int cut = 0; cut <= body.Length; cut++)
            {
                Assert.Equal(expected, Digest(new([body.AsMemory(0, cut), body.AsMemory(cut)]), limits));
            }

            var random = new Random(11);
            for (int size = 1; size < 20; size++)
            {
                Assert.Equal(expected, Digest(Pieces.Of(body, size), limits));
                Assert.Equal(expected, Digest(Pieces.Random(body, random, size), limits));
            }
        }
    }

    [Theory]
    [MemberData(nameof(Bodies))]
    public void Body_WhoseReaderIsWokenInBetween_ReadsTheSame(string text)
    {
        byte[] body = Encoding.UTF8.GetBytes(text);
        string expected = Digest(Pieces.Whole(body), Reading.Limits);
        foreach (ReadLimits limits in new[] { Reading.Limits, Streaming })
        {
            Assert.Equal(expected, Digest(new(body.Chunk(5).Select(part => (ReadOnlyMemory<byte>)part)) { WakesReaders = true }, limits));
        }
    }

    [Theory]
    [MemberData(nameof(Bodies))]
    public void Body_CutOff_IsMalformed(string text)
    {
        byte[] body = Encoding.UTF8.GetBytes(text.TrimEnd());
        for (int length = 0; length < body.Length; length++)
        {
            foreach (int size in new[] { 1, 5, 1_000 })
            {
                using Reading reading = Reading.Of(Pieces.Of(body[..length], size), Streaming);
                Assert.Equal(Codes.MalformedJson, reading.Mistakes[^1].Code);
            }
        }
    }

    [Fact]
    public void Numbers_OfManyElements_AreTheSameHoweverTheyArrive()
    {
        var random = new Random(5);
        double[] expected = [.. Enumerable.Range(0, 30_000).Select(_ => BitConverter.Int64BitsToDouble(random.NextInt64()))
            .Where(double.IsFinite)];
        var text = new StringBuilder("{\"dtype\":\"float64\",\"logits\":[");
        text.AppendJoin(", ", expected.Select(one => one.ToString("R", CultureInfo.InvariantCulture))).Append("]}");
        byte[] body = Encoding.UTF8.GetBytes(text.ToString());
        foreach (Pieces pieces in new[] { Pieces.Whole(body), Pieces.Of(body, 4_096), Pieces.Of(body, 1), Pieces.Random(body, random, 100) })
        {
            using Reading reading = Reading.Of(pieces, Streaming);
            Assert.Empty(reading.Mistakes);
            Assert.Equal(expected, reading["logits"].Float64.ToArray());
        }
    }

    [Theory]
    [InlineData("whitespace")]
    [InlineData("escapes")]
    [InlineData("arrays")]
    [InlineData("members")]
    [InlineData("numbers")]
    [InlineData("base64")]
    public void Body_OfAnyKind_IsHandedOverOnce(string kind)
    {
        // Long enough that a reader which starts over within a piece would keep the tests for minutes.
        const int bytes = 1_500_000;
        string text = kind switch
        {
            "whitespace" => "{" + new string(' ', bytes) + "}",
            "escapes" => "{\"logits\":{\"shape\":[0],\"base64\":\"" + string.Concat(Enumerable.Repeat("\\u0041", bytes / 6)) + "\"}}",
            "arrays" => "{\"x\":[" + string.Concat(Enumerable.Repeat("[],", bytes / 3)) + "0]}",
            "members" => "{" + string.Concat(Enumerable.Repeat("\"a\":0,", bytes / 6)) + "\"b\":0}",
            "numbers" => "{\"logits\":[" + string.Concat(Enumerable.Repeat("1,", bytes / 2)) + "1]}",
            _ => "{\"logits\":{\"shape\":[0],\"base64\":\"" + new string('A', bytes) + "\"}}",
        };
        byte[] body = Encoding.UTF8.GetBytes(text);
        Pieces cut = Pieces.Of(body, 61);
        using Reading whole = Reading.Of(Pieces.Whole(body));
        using Reading pieces = Reading.Of(cut, Streaming);
        Assert.Equal(whole.Digest(), pieces.Digest());
        Assert.Equal(body.Length, cut.BytesHanded);
        Assert.InRange(pieces.BytesRented, 1, 16L * body.Length);
    }

    [Theory]
    [InlineData("{\"logits\":[0.1],\"dtype\":\"float64\"}")]
    [InlineData("{\"logits\":[0.1],\"dt\\u0079pe\":\"float\\u00364\"}")]
    [InlineData("{\"a\":{\"dtype\":\"float32\"},\"logits\":[0.1], \"dtype\" : \"float64\" }")]
    [InlineData("{\"x\":\"\\\"dtype\\\":\\\"float32\\\"\",\"logits\":[0.1],\"dtype\":\"float64\"}")]
    public void Dtype_BehindTheNumbersOfASmallBody_StillCounts(string text)
    {
        byte[] body = Encoding.UTF8.GetBytes(text);
        for (int size = 1; size <= body.Length; size++)
        {
            using Reading reading = Reading.Of(Pieces.Of(body, size));
            Assert.DoesNotContain(reading.Mistakes, one => one.Code != Codes.UnknownMember);
            Assert.Equal([0.1], reading["logits"].Float64.ToArray());
        }
    }

    [Theory]
    [InlineData("{\"logits\":[0.1],\"dtype\":\"float64\"}", true, Element.Float32)]
    [InlineData("{\"logits\":[0.1],\"dtype\":\"float32\"}", false, Element.Float32)]
    [InlineData("{\"dtype\":\"float64\",\"logits\":[0.1]}", false, Element.Float64)]
    public void Dtype_InALargeBody_StandsBeforeTheNumbers(string text, bool conflicts, Element element)
    {
        byte[] body = Encoding.UTF8.GetBytes(text);
        foreach (int size in new[] { 1, 1_000 })
        {
            using Reading reading = Reading.Of(Pieces.Of(body, size), Streaming);
            Assert.Equal(conflicts ? ["/dtype option_conflict"] : [], reading.Mistakes.Select(one => $"{one.Pointer} {one.Code}"));
            Assert.Equal(element, reading["logits"].Element);
        }
    }

    [Fact]
    public void Dtype_AtTheEdgeOfASmallBody_DependsOnItsLengthAlone()
    {
        byte[] body = "{\"logits\":[0.1],\"dtype\":\"float64\"}"u8.ToArray();
        foreach (int size in new[] { 1, 7, 1_000 })
        {
            using Reading fits = Reading.Of(Pieces.Of(body, size), Reading.Limits with { BufferedBytesMax = body.Length });
            using Reading larger = Reading.Of(Pieces.Of(body, size), Reading.Limits with { BufferedBytesMax = body.Length - 1 });
            Assert.Empty(fits.Mistakes);
            Assert.Equal(Codes.OptionConflict, larger.Mistake().Code);
        }
    }

    [Fact]
    public void Dtype_FromTheQuery_NeedsNoBuffering()
    {
        static void Query(LossRequest request) => request.Set(request.Card.PlaceOfParameter("dtype"), 1);

        byte[] body = "{\"logits\":[0.1]}"u8.ToArray();
        using Reading reading = Reading.Of(Pieces.Of(body, 1), Streaming, Query);
        Assert.Equal([0.1], reading["logits"].Float64.ToArray());
        using Reading other = Reading.Of("{\"dtype\":\"float32\",\"logits\":[0.1]}", null, Query);
        Assert.Equal(Codes.OptionConflict, other.Mistake().Code);
    }

    [Fact]
    public async Task Body_LargerThanItsPipe_IsStillReadWhole()
    {
        byte[] body = Encoding.UTF8.GetBytes($"{{\"logits\":[{string.Join(",", Enumerable.Range(0, 40_000))}],\"dtype\":\"float64\"}}");
        var pipe = new Pipe(new PipeOptions(pauseWriterThreshold: 5_000, resumeWriterThreshold: 2_000, useSynchronizationContext: false));
        var pool = new TensorPool(1 << 30);
        using var request = new LossRequest(Reading.Card);
        Task write = Task.Run(async () =>
        {
            await pipe.Writer.WriteAsync(body);
            await pipe.Writer.CompleteAsync();
        });
        await new JsonCodec().ReadAsync(pipe.Reader, request, Reading.Limits, pool, default);
        await write;

        Assert.Empty(request.Mistakes.All);
        Assert.Equal(39_999, request.Tensor("logits")!.Float64[^1]);
        request.Dispose();
        Assert.Equal(0, pool.Leases);
    }

    private static string Digest(Pieces pieces, ReadLimits limits)
    {
        using Reading reading = Reading.Of(pieces, limits);
        return reading.Digest();
    }
}

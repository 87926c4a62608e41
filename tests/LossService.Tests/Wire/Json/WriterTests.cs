using System.Globalization;
using System.IO.Pipelines;
using System.Text;
using System.Text.Json;
using LossService.Engine;
using LossService.Engine.Cards;
using LossService.Engine.Numerics;
using LossService.Wire.Json;
using Xunit;

namespace LossService.Tests.Wire.Json;

[Trait("Set", "Engine")]
public sealed class WriterTests : IDisposable
{
    private readonly TensorPool _pool = new(1 << 30) { PoisonsReturns = true };

    /// <summary>Runs after every test.</summary>
    public void Dispose() => Assert.Equal(0, _pool.Leases);

    [Theory]
    [InlineData(new int[0], "0.0", 1)]
    [InlineData(new[] { 0 }, "[]", 0)]
    [InlineData(new[] { 1 }, "[0.0]", 1)]
    [InlineData(new[] { 3 }, "[0.0,1.0,2.0]", 3)]
    [InlineData(new[] { 2, 0 }, "[[],[]]", 0)]
    [InlineData(new[] { 0, 2 }, "[]", 0)]
    [InlineData(new[] { 2, 0, 3 }, "[[],[]]", 0)]
    [InlineData(new[] { 2, 2, 0 }, "[[[],[]],[[],[]]]", 0)]
    [InlineData(new[] { 1, 1 }, "[[0.0]]", 1)]
    [InlineData(new[] { 2, 2 }, "[[0.0,1.0],[2.0,3.0]]", 4)]
    [InlineData(new[] { 2, 1, 2 }, "[[[0.0,1.0]],[[2.0,3.0]]]", 4)]
    [InlineData(new[] { 1, 1, 1, 1, 1, 1, 1, 1 }, "[[[[[[[[0.0]]]]]]]]", 1)]
    public void Tensor_OfEveryShape_IsWrittenInEveryForm(int[] shape, string nested, int elements)
    {
        float[] values = [.. Enumerable.Range(0, elements).Select(one => (float)one)];
        string lengths = string.Join(",", shape);
        string flat = string.Join(",", values.Select(one => one.ToString("0.0", CultureInfo.InvariantCulture)));
        string base64 = Convert.ToBase64String(values.SelectMany(BitConverter.GetBytes).ToArray());

        Assert.Equal(nested, Gradient(Write(Answer(shape, values), encoding: "nested")));
        Assert.Equal($"{{\"shape\":[{lengths}],\"data\":[{flat}]}}", Gradient(Write(Answer(shape, values), encoding: "flat")));
        Assert.Equal($"{{\"shape\":[{lengths}],\"dtype\":\"float32\",\"base64\":\"{base64}\"}}",
            Gradient(Write(Answer(shape, values), encoding: "base64")));
    }

    [Fact]
    public void Answer_WithEverything_HasItsMembersInOrder()
    {
        LossResult result = Answer([2], [0.5f, -0.1f], "\"hessian\":\"diagonal\",\"seed\":9007199254740991,");
        result.Loss = 0.1f;
        result.Losses = Rent([2], [1, 2]);
        result.Hessians[0] = Rent([2], [3, 4]);
        result.Normalizer = new("count", 2);
        result.Request.Notes.Add(new("rounded", "logits \"came\" \\ \u0001 \u00e9"));
        result.Notes.Add(new("identity", "kl") { Count = 3, Values = [("cross_entropy", 0.1), ("entropy", double.NaN)] });

        Assert.Equal("{\"loss\":0.1,\"losses\":[1.0,2.0],\"gradients\":{\"logits\":[0.5,-0.1]},\"hessian\":{\"logits\":[3.0,4.0]},"
            + "\"normalizer\":{\"rule\":\"count\",\"value\":2},\"dtype\":\"float32\",\"seed\":9007199254740991,\"notes\":["
            + "{\"code\":\"rounded\",\"detail\":\"logits \\\"came\\\" \\\\ \\u0001 \u00e9\"},"
            + "{\"code\":\"identity\",\"detail\":\"kl\",\"count\":3,\"values\":{\"cross_entropy\":0.1,\"entropy\":\"NaN\"}}]}", Write(result));
    }

    [Fact]
    public void Answer_WithLittle_StillHasGradientsAndDtype()
    {
        LossResult result = Answer([], [1], "\"dtype\":\"float64\",");
        result.Gradients[0]!.Dispose();
        result.Gradients[0] = null;
        result.Normalizer = new("avg_factor", 2.5);

        Assert.Equal("{\"gradients\":{},\"normalizer\":{\"rule\":\"avg_factor\",\"value\":2.5},\"dtype\":\"float64\"}", Write(result));
    }

    [Theory]
    [InlineData("[1,2]", "[0.5,0.25]")]
    [InlineData("{\"shape\":[2],\"data\":[1,2]}", "{\"shape\":[2],\"data\":[0.5,0.25]}")]
    [InlineData("{\"shape\":[2],\"base64\":\"AACAPwAAAEA=\"}", "{\"shape\":[2],\"dtype\":\"float32\",\"base64\":\"AAAAPwAAgD4=\"}")]
    public void Answer_Mirrors_TheFormOfEachInput(string logits, string expected)
    {
        LossResult result = Answer([2], [0.5f, 0.25f], "\"targets\":[[1]],", logits);
        result.Losses = Rent([2], [0.5f, 0.25f]);
        result.Gradients[1] = Rent([1, 1], [7]);

        Assert.Equal($"{{\"losses\":{expected},\"gradients\":{{\"logits\":{expected},\"targets\":[[7.0]]}},\"dtype\":\"float32\"}}", Write(result));
    }

    [Fact]
    public void NonFinite_ByItsWord_IsTextOrNullOrAMistake()
    {
        float[] values = [1, float.NaN, float.PositiveInfinity, float.NegativeInfinity, 2, float.NaN];
        Assert.Equal("[[1.0,\"NaN\",\"Infinity\"],[\"-Infinity\",2.0,\"NaN\"]]", Gradient(Write(Answer([2, 3], values))));
        Assert.Equal("[[1.0,null,null],[null,2.0,null]]",
            Gradient(Write(Answer([2, 3], values, "\"non_finite\":\"null\","))));

        using LossResult result = Answer([2, 3], values, "\"non_finite\":\"error\",");
        Mistake mistake = JsonAnswerWriter.NonFiniteMistake(result)!;
        Assert.Equal(("/gradients/logits", Codes.NonFiniteOutput, 4), (mistake.Pointer, mistake.Code, mistake.Count));
        Assert.Equal([0, 1], mistake.Index);
        result.Loss = double.NaN;
        Assert.Equal("/loss", JsonAnswerWriter.NonFiniteMistake(result)!.Pointer);
        result.Request.Dispose();

        using LossResult other = Answer([2, 3], values);
        Assert.Null(JsonAnswerWriter.NonFiniteMistake(other));
        other.Request.Dispose();
    }

    [Theory]
    [InlineData("/losses", Element.Float32)]
    [InlineData("/losses", Element.Float64)]
    [InlineData("/gradients/logits", Element.Float64)]
    [InlineData("/hessian/logits", Element.Float32)]
    [InlineData("/hessian/logits", Element.Float64)]
    public void NonFinite_WhereverItStands_IsAMistakeThere(string pointer, Element element)
    {
        using LossResult result = Answer([2, 2], [1, 2, 3, 4], "\"non_finite\":\"error\",\"hessian\":\"diagonal\",");
        result.Losses = Tensor.Rent(_pool, new Shape(2, 2), element);
        result.Hessians[0] = Tensor.Rent(_pool, new Shape(2, 2), element);
        result.Losses.Bytes.Clear();
        result.Hessians[0]!.Bytes.Clear();
        Tensor wrong = pointer == "/losses" ? result.Losses : result.Hessians[0]!;
        if (pointer == "/gradients/logits")
        {
            result.Gradients[0]!.Dispose();
            wrong = result.Gradients[0] = Tensor.Rent(_pool, new Shape(2, 2), element);
            wrong.Bytes.Clear();
        }

        Assert.Null(JsonAnswerWriter.NonFiniteMistake(result));
        int size = Tensor.SizeOf(element);
        wrong.Bytes.Slice(size, size).Fill(0xFF);
        wrong.Bytes.Slice(3 * size, size).Fill(0xFF);
        Mistake mistake = JsonAnswerWriter.NonFiniteMistake(result)!;
        Assert.Equal((pointer, Codes.NonFiniteOutput, 2), (mistake.Pointer, mistake.Code, mistake.Count));
        Assert.Equal([0, 1], mistake.Index);
        result.Request.Dispose();
    }

    [Theory]
    [InlineData(100_000, 1)]
    [InlineData(1, 100_000)]
    [InlineData(317, 317)]
    public void Tensor_OfManyElements_ReadsBackTheSame(int rows, int columns)
    {
        var random = new Random(3);
        float[] values = new float[rows * columns];
        foreach (ref float value in values.AsSpan())
        {
            do
            {
                value = BitConverter.Int32BitsToSingle(random.Next(int.MinValue, int.MaxValue));
            }
            while (float.IsNaN(value));
        }

        foreach (string encoding in new[] { "nested", "flat", "base64" })
        {
            string text = Write(Answer([rows, columns], values), encoding);
            using Reading reading = Reading.Of($"{{\"logits\":{Gradient(text)}}}");
            Assert.Empty(reading.Mistakes);
            Assert.Equal($"[{rows}, {columns}]", reading["logits"].Shape.ToString());
            Assert.True(values.AsSpan().SequenceEqual(reading["logits"].Float32));
        }
    }

    [Fact]
    public void Doubles_OfEveryKind_ReadBackTheSame()
    {
        double[] values = [0.1, -0.0, 5e-324, double.MaxValue, 1e21, 123456789, 1.0 / 3];
        LossResult result = Answer([7], null, "\"dtype\":\"float64\",");
        values.CopyTo(result.Gradients[0]!.Float64);
        result.Loss = 0.1;

        using var document = JsonDocument.Parse(Write(result));
        Assert.Equal(0.1, document.RootElement.GetProperty("loss").GetDouble());
        Assert.Equal(values, document.RootElement.GetProperty("gradients").GetProperty("logits").EnumerateArray().Select(one => one.GetDouble()));
    }

    [Fact]
    public async Task Answer_NobodyReads_IsCancelled()
    {
        var pipe = new Pipe();
        await pipe.Reader.CompleteAsync();
        using LossResult result = Answer([300, 300], new float[90_000]);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => new JsonCodec().WriteAsync(pipe.Writer, result, default).AsTask());
        result.Request.Dispose();
    }

    [Fact]
    public async Task Answer_LargerThanThePipe_FlowsThroughIt()
    {
        var pipe = new Pipe(new PipeOptions(pauseWriterThreshold: 20_000, resumeWriterThreshold: 10_000, useSynchronizationContext: false));
        using LossResult result = Answer([300, 300], new float[90_000]);
        ValueTask write = new JsonCodec().WriteAsync(pipe.Writer, result, default);
        long bytes = 0;
        Task all = Task.Run(async () =>
        {
            await write;
            await pipe.Writer.CompleteAsync();
        });
        while (await pipe.Reader.ReadAsync() is { } read && !(read.IsCompleted && read.Buffer.IsEmpty))
        {
            Assert.InRange(read.Buffer.Length, 0, 150_000);
            bytes += read.Buffer.Length;
            pipe.Reader.AdvanceTo(read.Buffer.End);
        }

        await all;
        Assert.InRange(bytes, 360_000, 370_000);
        result.Request.Dispose();
    }

    [Fact]
    public void Text_OfAnyKind_IsReadBackByOthers()
    {
        string text = new([.. Enumerable.Range(1, 0x2FF).Select(one => (char)one), '"', '\\', '/', '\ud83d', '\ude00']);
        byte[] bytes = new byte[JsonText.BytesMax(text.Length)];
        int length = JsonText.Write(text, bytes);
        Assert.Equal(text, JsonSerializer.Deserialize<string>(bytes.AsSpan(0, length)));
        length = JsonText.Write("\ud800", bytes);
        Assert.Equal("\ufffd", JsonSerializer.Deserialize<string>(bytes.AsSpan(0, length)));
    }

    private Tensor Rent(int[] shape, float[] values)
    {
        var tensor = Tensor.Rent(_pool, new Shape(shape), Element.Float32);
        values.CopyTo(tensor.Float32);
        return tensor;
    }

    // An answer whose only gradient is that of logits.
    private LossResult Answer(int[] shape, float[]? values, string members = "", string logits = "[1]")
    {
        var request = new LossRequest(Reading.Card);
        byte[] body = Encoding.UTF8.GetBytes($"{{{members}\"logits\":{logits}}}");
        Task read = new JsonCodec().ReadAsync(Pieces.Whole(body), request, Reading.Limits, _pool, default).AsTask();
        Assert.True(read.IsCompletedSuccessfully);
        Assert.Empty(request.Mistakes.All);
        var result = new LossResult(request);
        result.Gradients[0] = values is null ? Tensor.Rent(_pool, new Shape(shape), Element.Float64) : Rent(shape, values);
        return result;
    }

    private static string Write(LossResult result, string encoding = "mirror")
    {
        using LossRequest request = result.Request;
        using LossResult disposed = result;
        request.Set(request.Card.PlaceOfParameter("encoding"), Common.Encoding.ValueOf(encoding));
        var stream = new MemoryStream();
        var pipe = PipeWriter.Create(stream);
        Task write = new JsonCodec().WriteAsync(pipe, result, default).AsTask();
        Assert.True(write.IsCompletedSuccessfully, write.Exception?.ToString());
        pipe.Complete();
        string text = Encoding.UTF8.GetString(stream.ToArray());
        using var document = JsonDocument.Parse(text);
        return text;
    }

    private static string Gradient(string answer)
    {
        using var document = JsonDocument.Parse(answer);
        return document.RootElement.GetProperty("gradients").GetProperty("logits").GetRawText();
    }
}

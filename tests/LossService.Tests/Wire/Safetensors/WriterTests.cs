using System.IO.Pipelines;
using System.Text;
using System.Text.Json.Nodes;
using LossService.Engine;
using LossService.Engine.Numerics;
using LossService.Tests.Wire.Json;
using LossService.Wire.Safetensors;
using Xunit;

namespace LossService.Tests.Wire.Safetensors;

public sealed class WriterTests : IDisposable
{
    private readonly TensorPool _pool = new(1 << 30) { PoisonsReturns = true };

    /// <summary>Runs after every test.</summary>
    public void Dispose() => Assert.Equal(0, _pool.Leases);

    [Fact]
    public void Answer_WithEverything_HasItsTensorsInOrder()
    {
        using LossResult result = Answer(isFloat64: false);
        result.Loss = 0.1f;
        result.Losses = Rent([2], 1, 2);
        result.Gradients[1] = Rent([1, 3], 0.5f, float.NaN, -0f);
        result.Gradients[0] = Rent([2, 0]);
        result.Hessians[0] = Rent([], 3);
        result.Normalizer = new("count", 2);
        result.Request.Set(Reading.Card.PlaceOfParameter("seed"), 9007199254740991);
        result.Request.Notes.Add(new("rounded", "logits \"came\" \\ \u0001 \u00e9"));
        result.Notes.Add(new("identity", "kl") { Count = 3, Values = [("cross_entropy", 0.1), ("entropy", double.NaN)] });

        byte[] file = Write(result);
        string header = Encoding.UTF8.GetString(file, 8, (int)BitConverter.ToInt64(file));
        Assert.StartsWith(
            "{\"__metadata__\":{\"normalizer\":\"{\\\"rule\\\":\\\"count\\\",\\\"value\\\":2}\",\"dtype\":\"float32\",\"seed\":\"9007199254740991\",\"notes\":",
            header, StringComparison.Ordinal);
        (var tensors, JsonObject options) = Safe.Parse(file);
        Assert.Equal(["loss", "losses", "gradients.logits", "gradients.targets", "hessian.logits"], tensors.Keys);
        Assert.All(tensors.Values, one => Assert.Equal("F32", one.Dtype));
        Assert.Equal([], tensors["loss"].Shape);
        Assert.Equal(Safe.Bytes(0.1f), tensors["loss"].Bytes);
        Assert.Equal([2], tensors["losses"].Shape);
        Assert.Equal([2, 0], tensors["gradients.logits"].Shape);
        Assert.Equal([1, 3], tensors["gradients.targets"].Shape);
        Assert.Equal(Safe.Bytes(0.5f, float.NaN, -0f), tensors["gradients.targets"].Bytes);
        JsonNode notes = JsonNode.Parse((string)options["notes"]!)!;
        Assert.Equal("logits \"came\" \\ \u0001 \u00e9", (string?)notes[0]!["detail"]);
        Assert.Equal("""{"code":"identity","detail":"kl","count":3,"values":{"cross_entropy":0.1,"entropy":"NaN"}}""", notes[1]!.ToJsonString());
    }

    [Fact]
    public void Answer_InFloat64_IsF64()
    {
        using LossResult result = Answer(isFloat64: true);
        result.Loss = 0.1;
        result.Losses = Tensor.Rent(_pool, new Shape(1), Element.Float64);
        result.Losses.Float64[0] = 1e300;
        (var tensors, JsonObject options) = Safe.Parse(Write(result));
        Assert.Equal(Safe.Bytes(0.1), tensors["loss"].Bytes);
        Assert.Equal(Safe.Bytes(1e300), tensors["losses"].Bytes);
        Assert.Equal("""{"dtype":"float64"}""", options.ToJsonString());
    }

    [Fact]
    public void Answer_OfEveryLengthOfHeader_IsAligned()
    {
        for (int length = 0; length < 16; length++)
        {
            using LossResult result = Answer(isFloat64: false);
            result.Notes.Add(new("note", new string('x', length)));
            Assert.Equal(0, BitConverter.ToInt64(Write(result)) % 8);
        }
    }

    [Fact]
    public void Answer_LargerThanTheBuffer_IsWrittenWhole()
    {
        using LossResult result = Answer(isFloat64: false);
        float[] values = [.. Enumerable.Range(0, 300_000).Select(one => (float)one)];
        result.Gradients[0] = Rent([values.Length], values);
        Assert.Equal(Safe.Bytes<float>(values), Safe.Parse(Write(result)).Tensors["gradients.logits"].Bytes);
    }

    [Fact]
    public async Task Writing_ToNobody_Ends()
    {
        using LossResult result = Answer(isFloat64: false);
        result.Gradients[0] = Rent([300_000], new float[300_000]);
        var pipe = new Pipe();
        await pipe.Reader.CompleteAsync();
        await Assert.ThrowsAsync<OperationCanceledException>(
            async () => await new SafetensorsCodec().WriteAsync(pipe.Writer, result, default));
    }

    private static LossResult Answer(bool isFloat64)
    {
        var request = new LossRequest(Reading.Card);
        request.Set(Reading.Card.PlaceOfParameter("dtype"), isFloat64 ? 1 : 0);
        return new(request);
    }

    private Tensor Rent(int[] shape, params float[] values)
    {
        Tensor tensor = Tensor.Rent(_pool, new Shape(shape), Element.Float32);
        values.CopyTo(tensor.Float32);
        return tensor;
    }

    private static byte[] Write(LossResult result)
    {
        var codec = new SafetensorsCodec();
        using var bytes = new MemoryStream();
        var pipe = PipeWriter.Create(bytes, new StreamPipeWriterOptions(leaveOpen: true));
        Task written = codec.WriteAsync(pipe, result, default).AsTask();
        Assert.True(written.IsCompletedSuccessfully, written.Exception?.ToString());
        pipe.Complete();
        Assert.Equal(bytes.Length, codec.LengthOf(result));
        return bytes.ToArray();
    }
}

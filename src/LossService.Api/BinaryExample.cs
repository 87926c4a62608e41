using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using LossService.Engine;
using LossService.Engine.Cards;
using LossService.Engine.Numerics;
using LossService.Wire;
using LossService.Wire.Json;

namespace LossService.Api;

/// <summary>A loss's first example as safetensors, with its samples so many times over: bodies that no card
/// has.</summary>
internal static class BinaryExample
{
    private const string Samples = "N";

    /// <summary>Makes the body. The example must be sound.</summary>
    public static async Task<byte[]> OfAsync(LossCard card, int times, ReadLimits limits, TensorPool pool)
    {
        using var request = new LossRequest(card);
        byte[] example = Encoding.UTF8.GetBytes(card.Examples[0].Body);
        var body = PipeReader.Create(new ReadOnlySequence<byte>(example));
        await new JsonCodec().ReadAsync(body, request, limits, pool, default);
        request.Resolve();
        ShapeSolver.Solve(request);
        return Of(request, times);
    }

    private static byte[] Of(LossRequest request, int times)
    {
        var data = new MemoryStream();
        var entries = new Dictionary<string, object>();
        for (int place = 0; place < request.Card.Inputs.Count; place++)
        {
            if (request.Solution?.Form(place) is not { } form)
            {
                continue;
            }

            bool isLabel = form.IsInteger;
            Tensor tensor = (isLabel ? request.LabelTensor(place) : request.Tensor(place))!;
            bool grows = form.Pattern.Symbols is [Samples, ..];
            int[] shape = [.. Enumerable.Range(0, tensor.Shape.Rank).Select(axis =>
                tensor.Shape[axis] * (grows && axis == 0 ? times : 1))];
            long start = data.Length;
            for (int time = 0; time < (grows ? times : 1); time++)
            {
                data.Write(tensor.Bytes);
            }

            string dtype = isLabel ? "I32" : tensor.Element == Element.Flag ? "BOOL"
                : tensor.Element == Element.Float64 ? "F64" : "F32";
            long[] data_offsets = [start, data.Length];
            entries[request.Card.Inputs[place].Name] = new { dtype, shape, data_offsets };
        }

        byte[] header = JsonSerializer.SerializeToUtf8Bytes(entries);
        return [.. MemoryMarshal.AsBytes<long>([header.Length]), .. header, .. data.ToArray()];
    }
}

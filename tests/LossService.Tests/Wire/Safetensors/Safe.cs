using System.Buffers.Binary;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using LossService.Engine;
using LossService.Engine.Numerics;
using LossService.Tests.Wire.Json;
using LossService.Wire;
using LossService.Wire.Safetensors;
using Xunit;

namespace LossService.Tests.Wire.Safetensors;

/// <summary>Files built and taken apart by hand, without the code under test.</summary>
internal static class Safe
{
    /// <summary>A file of this header, right or wrong, and these bytes behind it.</summary>
    public static byte[] File(string header, params byte[] data)
    {
        byte[] text = Encoding.UTF8.GetBytes(header);
        byte[] length = new byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(length, text.Length);
        return [.. length, .. text, .. data];
    }

    /// <summary>A file of whole tensors in this order, and of options.</summary>
    public static byte[] File((string Name, string Dtype, int[] Shape, byte[] Bytes)[] tensors, params (string Name, string Text)[] options)
    {
        var header = new JsonObject();
        if (options.Length > 0)
        {
            header["__metadata__"] = new JsonObject(
                options.Select(one => KeyValuePair.Create(one.Name, (JsonNode?)JsonValue.Create(one.Text))));
        }

        int end = 0;
        foreach ((string name, string dtype, int[] shape, byte[] bytes) in tensors)
        {
            header[name] = new JsonObject
            {
                ["dtype"] = dtype,
                ["shape"] = new JsonArray([.. shape.Select(one => JsonValue.Create(one))]),
                ["data_offsets"] = new JsonArray(JsonValue.Create(end), JsonValue.Create(end += bytes.Length)),
            };
        }

        return File(header.ToJsonString(), [.. tensors.SelectMany(one => one.Bytes)]);
    }

    /// <summary>A file of one vector.</summary>
    public static byte[] File(string name, string dtype, byte[] bytes, int elements, params (string Name, string Text)[] options) =>
        File([(name, dtype, [elements], bytes)], options);

    public static byte[] Bytes<T>(params ReadOnlySpan<T> values) where T : unmanaged => MemoryMarshal.AsBytes(values).ToArray();

    public static Reading Read(
        byte[] file, ReadLimits? limits = null, Action<LossRequest>? query = null, TensorPool? pool = null) =>
        Read(Pieces.Whole(file), limits, query, pool);

    public static Reading Read(
        Pieces file, ReadLimits? limits = null, Action<LossRequest>? query = null, TensorPool? pool = null) =>
        Reading.Of(file, limits, query, pool, codec: new SafetensorsCodec());

    /// <summary>Sets a parameter as a query would.</summary>
    public static Action<LossRequest> Query(string name, double value) => request =>
        request.Set(request.Card.PlaceOfParameter(name), value);

    /// <summary>Takes a well-formed file apart: every tensor's dtype, shape and bytes, and the options.</summary>
    public static (Dictionary<string, (string Dtype, int[] Shape, byte[] Bytes)> Tensors, JsonObject Options) Parse(byte[] file)
    {
        long length = BinaryPrimitives.ReadInt64LittleEndian(file);
        Assert.Equal(0, (8 + length) % 8);
        JsonObject header = JsonNode.Parse(Encoding.UTF8.GetString(file, 8, (int)length))!.AsObject();
        byte[] data = file[(8 + (int)length)..];
        var tensors = new Dictionary<string, (string, int[], byte[])>();
        int end = 0;
        foreach ((string name, JsonNode? entry) in header)
        {
            if (name != "__metadata__")
            {
                int[] offsets = entry!["data_offsets"].Deserialize<int[]>()!;
                Assert.Equal(end, offsets[0]);
                end = offsets[1];
                tensors[name] = ((string)entry["dtype"]!, entry["shape"].Deserialize<int[]>()!, data[offsets[0]..end]);
            }
        }

        Assert.Equal(data.Length, end);
        return (tensors, header["__metadata__"]?.AsObject() ?? []);
    }

    /// <summary>The numbers of a tensor in hexadecimal, each NaN alike.</summary>
    public static string[] Numbers(string dtype, byte[] bytes) => dtype == "F64"
        ? [.. MemoryMarshal.Cast<byte, double>(bytes).ToArray().Select(Text)]
        : [.. MemoryMarshal.Cast<byte, float>(bytes).ToArray().Select(one => Text(one))];

    public static string Text(double value) => double.IsNaN(value) ? "NaN" : value.ToString("R", CultureInfo.InvariantCulture);
}

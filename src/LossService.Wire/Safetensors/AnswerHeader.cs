using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using LossService.Engine;
using LossService.Engine.Cards;
using LossService.Engine.Numerics;

namespace LossService.Wire.Safetensors;

/// <summary>The header of an answer. Its <c>__metadata__</c> holds the members of a JSON answer that are
/// no tensors, by the same names: words as they are, <c>normalizer</c> and <c>notes</c> as JSON text.</summary>
internal static class AnswerHeader
{
    private const int Alignment = 8;
    private const int RoomBytes = 1_024;

    // Nobody shows a header as HTML: quotes inside of strings stay readable.
    private static readonly JsonWriterOptions Readable = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>The header as JSON, padded with spaces so that the tensors behind it are aligned.</summary>
    /// <param name="result">The answer.</param>
    /// <param name="outputs">The tensors by name, in the order of their bytes; null for a scalar.</param>
    public static ArrayBufferWriter<byte> Of(LossResult result, List<(string Name, Tensor? Tensor)> outputs)
    {
        var bytes = new ArrayBufferWriter<byte>(RoomBytes);
        using (var json = new Utf8JsonWriter(bytes, Readable))
        {
            json.WriteStartObject();
            WriteMetadata(json, result);
            WriteTensors(json, result.Request.FloatElement, outputs);
            json.WriteEndObject();
        }

        int padding = (Alignment - (bytes.WrittenCount % Alignment)) % Alignment;
        bytes.Write("        "u8[..padding]);
        return bytes;
    }

    private static void WriteTensors(Utf8JsonWriter json, Element element, List<(string Name, Tensor? Tensor)> outputs)
    {
        long end = 0;
        foreach ((string name, Tensor? tensor) in outputs)
        {
            Shape shape = tensor?.Shape ?? Shape.Scalar;
            json.WriteStartObject(name);
            json.WriteString("dtype", element == Element.Float64 ? "F64" : "F32");
            json.WriteStartArray("shape");
            for (int axis = 0; axis < shape.Rank; axis++)
            {
                json.WriteNumberValue(shape[axis]);
            }

            json.WriteEndArray();
            json.WriteStartArray("data_offsets");
            json.WriteNumberValue(end);
            end += (long)shape.Elements * Tensor.SizeOf(element);
            json.WriteNumberValue(end);
            json.WriteEndArray();
            json.WriteEndObject();
        }
    }

    private static void WriteMetadata(Utf8JsonWriter json, LossResult result)
    {
        LossRequest request = result.Request;
        json.WriteStartObject("__metadata__");
        if (result.Normalizer is { } normalizer)
        {
            json.WriteString("normalizer", Text(inner =>
            {
                inner.WriteStartObject();
                inner.WriteString("rule", normalizer.Rule);
                WriteNumber(inner, "value", normalizer.Value);
                inner.WriteEndObject();
            }));
        }

        json.WriteString("dtype", Common.Dtype.Words[request.IsFloat64 ? 1 : 0]);
        if (request.IsGiven(Common.Seed) && !double.IsNaN(request[Common.Seed]))
        {
            json.WriteString("seed", ((long)request[Common.Seed]).ToString(CultureInfo.InvariantCulture));
        }

        if (request.Notes.Count + result.Notes.Count > 0)
        {
            json.WriteString("notes", Text(inner =>
            {
                inner.WriteStartArray();
                request.Notes.ForEach(note => WriteNote(inner, note));
                result.Notes.ForEach(note => WriteNote(inner, note));
                inner.WriteEndArray();
            }));
        }

        json.WriteEndObject();
    }

    private static void WriteNote(Utf8JsonWriter json, Note note)
    {
        json.WriteStartObject();
        json.WriteString("code", note.Code);
        json.WriteString("detail", note.Detail);
        if (note.Count is { } count)
        {
            json.WriteNumber("count", count);
        }

        if (note.Values is { } values)
        {
            json.WriteStartObject("values");
            foreach ((string name, double value) in values)
            {
                WriteNumber(json, name, value);
            }

            json.WriteEndObject();
        }

        json.WriteEndObject();
    }

    private static void WriteNumber(Utf8JsonWriter json, string name, double value)
    {
        if (double.IsFinite(value))
        {
            json.WriteNumber(name, value);
        }
        else
        {
            json.WriteString(name, double.IsNaN(value) ? "NaN" : value > 0 ? "Infinity" : "-Infinity");
        }
    }

    private static string Text(Action<Utf8JsonWriter> write)
    {
        var bytes = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(bytes, Readable))
        {
            write(json);
        }

        return Encoding.UTF8.GetString(bytes.WrittenSpan);
    }
}

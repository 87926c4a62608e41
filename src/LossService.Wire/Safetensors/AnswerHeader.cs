using System.Buffers;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using LossService.Engine;
using LossService.Engine.Cards;
using LossService.Engine.Numerics;

namespace LossService.Wire.Safetensors;

/// <summary>The header of an answer. Its <c>__metadata__</c> holds the members of a JSON answer that are
/// no tensors, by the same names: words as they are, <c>normalizer</c> and <c>notes</c> as JSON text.</summary>
/// <remarks>A thread keeps its writers, so that a header costs no allocation.</remarks>
#pragma warning disable CA1001 // Its writers live as long as their thread and hold nothing but memory.
internal sealed class AnswerHeader
#pragma warning restore CA1001
{
    private const int Alignment = 8;
    private const int RoomBytes = 1_024;
    private const int NameLengthMax = 128;

    // Nobody shows a header as HTML: quotes inside of strings stay readable.
    private static readonly JsonWriterOptions Readable = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    [ThreadStatic]
    private static AnswerHeader? _ofThread;

    private readonly ArrayBufferWriter<byte> _bytes = new(RoomBytes);
    private readonly ArrayBufferWriter<byte> _innerBytes = new(RoomBytes);
    private readonly Utf8JsonWriter _json;
    private readonly Utf8JsonWriter _inner;

    private AnswerHeader()
    {
        _json = new(_bytes, Readable);
        _inner = new(_innerBytes, Readable);
    }

    /// <summary>The header as JSON, padded with spaces so that the tensors behind it are aligned. Stands until this
    /// thread asks for the next.</summary>
    public static ReadOnlySpan<byte> Of(LossResult result)
    {
        AnswerHeader header = _ofThread ??= new();
        header._bytes.ResetWrittenCount();
        header._json.Reset();
        header.Write(result);
        return header._bytes.WrittenSpan;
    }

    private void Write(LossResult result)
    {
        _json.WriteStartObject();
        WriteMetadata(result);
        WriteTensors(result);
        _json.WriteEndObject();
        _json.Flush();
        int padding = (Alignment - (_bytes.WrittenCount % Alignment)) % Alignment;
        _bytes.Write("        "u8[..padding]);
    }

    private void WriteTensors(LossResult result)
    {
        Span<char> name = stackalloc char[NameLengthMax];
        long end = 0;
        var outputs = new AnswerTensors(result);
        while (outputs.MoveNext())
        {
            name.TryWrite($"{outputs.Prefix}{outputs.Name}", out int length);
            _json.WriteStartObject(name[..length]);
            _json.WriteString("dtype"u8, outputs.Element switch
            {
                Element.Float64 => "F64"u8,
                Element.Label => "I32"u8,
                _ => "F32"u8,
            });
            _json.WriteStartArray("shape"u8);
            for (int axis = 0; axis < outputs.Shape.Rank; axis++)
            {
                _json.WriteNumberValue(outputs.Shape[axis]);
            }

            _json.WriteEndArray();
            _json.WriteStartArray("data_offsets"u8);
            _json.WriteNumberValue(end);
            end += (long)outputs.Shape.Elements * Tensor.SizeOf(outputs.Element);
            _json.WriteNumberValue(end);
            _json.WriteEndArray();
            _json.WriteEndObject();
        }
    }

    private void WriteMetadata(LossResult result)
    {
        LossRequest request = result.Request;
        _json.WriteStartObject("__metadata__"u8);
        if (result.Normalizer is { } normalizer)
        {
            BeginInner();
            _inner.WriteStartObject();
            _inner.WriteString("rule"u8, normalizer.Rule);
            WriteNumber("value", normalizer.Value);
            _inner.WriteEndObject();
            EndInner("normalizer"u8);
        }

        _json.WriteString("dtype"u8, Common.Dtype.Words[request.IsFloat64 ? 1 : 0]);
        if (request.IsGiven(Common.Seed) && !double.IsNaN(request[Common.Seed]))
        {
            _json.WriteString("seed"u8, ((long)request[Common.Seed]).ToString(CultureInfo.InvariantCulture));
        }

        if (request.Notes.Count + result.Notes.Count > 0)
        {
            BeginInner();
            _inner.WriteStartArray();
            WriteNotes(request.Notes);
            WriteNotes(result.Notes);
            _inner.WriteEndArray();
            EndInner("notes"u8);
        }

        _json.WriteEndObject();
    }

    private void WriteNotes(List<Note> notes)
    {
        foreach (Note note in notes)
        {
            _inner.WriteStartObject();
            _inner.WriteString("code"u8, note.Code);
            _inner.WriteString("detail"u8, note.Detail);
            if (note.Count is { } count)
            {
                _inner.WriteNumber("count"u8, count);
            }

            if (note.Values is { } values)
            {
                _inner.WriteStartObject("values"u8);
                foreach ((string name, double value) in values)
                {
                    WriteNumber(name, value);
                }

                _inner.WriteEndObject();
            }

            _inner.WriteEndObject();
        }
    }

    private void WriteNumber(string name, double value)
    {
        if (double.IsFinite(value))
        {
            _inner.WriteNumber(name, value);
        }
        else
        {
            _inner.WriteString(name, double.IsNaN(value) ? "NaN" : value > 0 ? "Infinity" : "-Infinity");
        }
    }

    private void BeginInner()
    {
        _innerBytes.ResetWrittenCount();
        _inner.Reset();
    }

    private void EndInner(ReadOnlySpan<byte> name)
    {
        _inner.Flush();
        _json.WriteString(name, _innerBytes.WrittenSpan);
    }
}

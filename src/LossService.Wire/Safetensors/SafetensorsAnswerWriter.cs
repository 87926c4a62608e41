using System.Buffers;
using System.Buffers.Binary;
using System.IO.Pipelines;
using LossService.Engine;
using LossService.Engine.Cards;
using LossService.Engine.Numerics;

namespace LossService.Wire.Safetensors;

/// <summary>Writes an answer: the tensors loss, losses, gradients.* and hessian.* in this order, in the dtype of the
/// computation, behind the header that <see cref="AnswerHeader"/> makes.</summary>
internal static class SafetensorsAnswerWriter
{
    private const int LengthBytes = sizeof(ulong);
    private const int FlushBytes = 65_536;

    /// <summary>How many bytes the answer takes.</summary>
    public static long LengthOf(LossResult result)
    {
        List<(string Name, Tensor? Tensor)> outputs = OutputsOf(result);
        int size = Tensor.SizeOf(result.Request.FloatElement);
        long length = LengthBytes + AnswerHeader.Of(result, outputs).WrittenCount;
        foreach ((_, Tensor? tensor) in outputs)
        {
            length += (long)(tensor?.Shape.Elements ?? 1) * size;
        }

        return length;
    }

    /// <summary>Writes the answer from its tensors into the pipe, and flushes it about every 64 KiB and at its
    /// end.</summary>
    /// <exception cref="OperationCanceledException">Cancelled, or nobody reads the pipe any more.</exception>
    public static async ValueTask WriteAsync(PipeWriter body, LossResult result, CancellationToken cancelled)
    {
        List<(string Name, Tensor? Tensor)> outputs = OutputsOf(result);
        ArrayBufferWriter<byte> header = AnswerHeader.Of(result, outputs);
        BinaryPrimitives.WriteUInt64LittleEndian(body.GetSpan(LengthBytes), (ulong)header.WrittenCount);
        body.Advance(LengthBytes);
        body.Write(header.WrittenSpan);
        foreach ((_, Tensor? tensor) in outputs)
        {
            if (tensor is null)
            {
                WriteScalar(body, result.Loss!.Value, result.Request.IsFloat64);
            }
            else
            {
                await WriteAsync(body, tensor, cancelled);
            }
        }

        await FlushAsync(body, cancelled);
    }

    // In the order of the file; no tensor stands for the loss itself.
    private static List<(string Name, Tensor? Tensor)> OutputsOf(LossResult result)
    {
        IReadOnlyList<Input> inputs = result.Request.Card.Inputs;
        var outputs = new List<(string Name, Tensor? Tensor)>(2 + (2 * inputs.Count));
        if (result.Loss is not null)
        {
            outputs.Add(("loss", null));
        }

        if (result.Losses is { } losses)
        {
            outputs.Add(("losses", losses));
        }

        Add(outputs, "gradients.", inputs, result.Gradients);
        Add(outputs, "hessian.", inputs, result.Hessians);
        return outputs;
    }

    private static void Add(
        List<(string Name, Tensor? Tensor)> outputs, string prefix, IReadOnlyList<Input> inputs, Tensor?[] tensors)
    {
        for (int place = 0; place < tensors.Length; place++)
        {
            if (tensors[place] is { } tensor)
            {
                outputs.Add((prefix + inputs[place].Name, tensor));
            }
        }
    }

    private static void WriteScalar(PipeWriter body, double value, bool isFloat64)
    {
        Span<byte> room = body.GetSpan(sizeof(double));
        if (isFloat64)
        {
            BinaryPrimitives.WriteDoubleLittleEndian(room, value);
        }
        else
        {
            BinaryPrimitives.WriteSingleLittleEndian(room, (float)value);
        }

        body.Advance(isFloat64 ? sizeof(double) : sizeof(float));
    }

    private static async ValueTask WriteAsync(PipeWriter body, Tensor tensor, CancellationToken cancelled)
    {
        int waiting = 0;
        for (int at = 0; at < tensor.Bytes.Length;)
        {
            int length = Copy(tensor.Bytes[at..], body.GetSpan());
            body.Advance(length);
            at += length;
            waiting += length;
            if (waiting >= FlushBytes)
            {
                waiting = 0;
                await FlushAsync(body, cancelled);
            }
        }
    }

    private static int Copy(ReadOnlySpan<byte> bytes, Span<byte> room)
    {
        int length = Math.Min(bytes.Length, room.Length);
        bytes[..length].CopyTo(room);
        return length;
    }

    private static async ValueTask FlushAsync(PipeWriter body, CancellationToken cancelled)
    {
        FlushResult result = await body.FlushAsync(cancelled);
        if (result.IsCanceled || result.IsCompleted)
        {
            // Nobody reads any more: the rest would only fill memory.
            throw new OperationCanceledException("The reader of an answer went away.", cancelled);
        }
    }
}

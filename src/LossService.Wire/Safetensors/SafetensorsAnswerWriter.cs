using System.Buffers;
using System.Buffers.Binary;
using System.IO.Pipelines;
using LossService.Engine;
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
        long length = LengthBytes + AnswerHeader.Of(result).Length;
        var outputs = new AnswerTensors(result);
        while (outputs.MoveNext())
        {
            length += (long)outputs.Shape.Elements * Tensor.SizeOf(outputs.Element);
        }

        return length;
    }

    /// <summary>Writes the answer from its tensors into the pipe, and flushes it about every 64 KiB; its end is left to
    /// the caller to flush.</summary>
    /// <exception cref="OperationCanceledException">Cancelled, or nobody reads the pipe any more.</exception>
    public static async ValueTask WriteAsync(PipeWriter body, LossResult result, CancellationToken cancelled)
    {
        WriteHeader(body, AnswerHeader.Of(result));
        var outputs = new AnswerTensors(result);
        while (outputs.MoveNext())
        {
            if (outputs.Tensor is { } tensor)
            {
                await WriteAsync(body, tensor, cancelled);
            }
            else
            {
                WriteScalar(body, result.Loss!.Value, result.Request.IsFloat64);
            }
        }
    }

    private static void WriteHeader(PipeWriter body, ReadOnlySpan<byte> header)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(body.GetSpan(LengthBytes), (ulong)header.Length);
        body.Advance(LengthBytes);
        body.Write(header);
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
                FlushResults.Demand(await body.FlushAsync(cancelled), cancelled);
            }
        }
    }

    private static int Copy(ReadOnlySpan<byte> bytes, Span<byte> room)
    {
        int length = Math.Min(bytes.Length, room.Length);
        bytes[..length].CopyTo(room);
        return length;
    }
}

using System.Buffers.Text;
using System.Diagnostics;
using LossService.Engine.Numerics;
using LossService.Wire.Numbers;

namespace LossService.Wire.Json;

/// <summary>Writes one tensor of floats in any of its three forms, a chunk at a time.</summary>
internal static class JsonTensorWriter
{
    // Room for the brackets and commas around a row, and then for at least a few numbers.
    private const int RoomBytes = 512;

    // Multiples of three bytes need no padding but the last.
    private const int Base64Chunk = 12_288;

    /// <summary>Writes the tensor, flushing as it goes.</summary>
    public static async ValueTask WriteAsync(
        JsonOutput output, Tensor tensor, TensorForm form, CancellationToken cancelled)
    {
        Debug.Assert(tensor.Element != Element.Flag, "answers hold floats, and integers nested");
        if (form == TensorForm.Nested)
        {
            await WriteNestedAsync(output, tensor, tensor.Shape, cancelled);
            return;
        }

        output.Raw("{\"shape\":["u8);
        for (int axis = 0; axis < tensor.Shape.Rank; axis++)
        {
            if (axis > 0)
            {
                output.Raw(',');
            }

            output.Integer(tensor.Shape[axis]);
        }

        if (form == TensorForm.Flat)
        {
            output.Raw("],\"data\":"u8);
            await WriteNestedAsync(output, tensor, new Shape(tensor.Shape.Elements), cancelled);
            output.Raw('}');
            return;
        }

        output.Raw(tensor.Element == Element.Float64 ? "],\"dtype\":\"float64\",\"base64\":\""u8
            : "],\"dtype\":\"float32\",\"base64\":\""u8);
        for (int offset = 0; offset < tensor.Bytes.Length; offset += Base64Chunk)
        {
            WriteBase64(output, tensor, offset);
            if (output.ShouldFlush)
            {
                FlushResults.Demand(await output.FlushAsync(cancelled), cancelled);
            }
        }

        output.Raw("\"}"u8);
    }

    private static void WriteBase64(JsonOutput output, Tensor tensor, int offset)
    {
        Debug.Assert(BitConverter.IsLittleEndian, "the platforms of .NET 10 that we ship are little-endian");
        ReadOnlySpan<byte> bytes = tensor.Bytes[offset..];
        bytes = bytes[..Math.Min(bytes.Length, Base64Chunk)];
        Base64.EncodeToUtf8(bytes, output.Room(Base64.GetMaxEncodedToUtf8Length(bytes.Length)), out _, out int length);
        output.Advance(length);
    }

    private static async ValueTask WriteNestedAsync(
        JsonOutput output, Tensor tensor, Shape shape, CancellationToken cancelled)
    {
        if (shape.Rank == 0)
        {
            output.Number(tensor.ValueAt(0), tensor.Element == Element.Float64);
            return;
        }

        var rows = new Rows(shape);
        while (!rows.IsDone)
        {
            WriteSome(output, tensor, ref rows);
            if (output.ShouldFlush)
            {
                FlushResults.Demand(await output.FlushAsync(cancelled), cancelled);
            }
        }
    }

    // Fills one span of the pipe's memory.
    private static void WriteSome(JsonOutput output, Tensor tensor, ref Rows rows)
    {
        Span<byte> room = output.Room(RoomBytes);
        int length = 0;
        while (!rows.IsDone && room.Length - length >= RoomBytes / 2)
        {
            if (rows.InRow == 0)
            {
                length += rows.Open(room[length..]);
            }

            int count = rows.RowLength - rows.InRow;
            if (count > 0)
            {
                // A closing bracket a level and a comma always find room behind the numbers.
                Span<byte> inner = room[length..^(2 * Shape.RankMax)];
                bool afterComma = rows.InRow > 0;
                length += tensor.Element switch
                {
                    Element.Float64 =>
                        WriteRun(output, tensor.Float64.Slice(rows.Offset, count), afterComma, inner, out count),
                    Element.Label => WriteRun(tensor.Label.Slice(rows.Offset, count), afterComma, inner, out count),
                    _ => WriteRun(output, tensor.Float32.Slice(rows.Offset, count), afterComma, inner, out count),
                };
                rows.Take(count);
            }

            if (rows.InRow == rows.RowLength)
            {
                length += rows.Close(room[length..]);
            }
        }

        output.Advance(length);
    }

    private static int WriteRun(
        JsonOutput output, ReadOnlySpan<float> values, bool afterComma, Span<byte> room, out int count)
    {
        int length = afterComma ? 1 : 0;
        room[0] = (byte)',';
        if (!float.IsFinite(values[0]))
        {
            count = 1;
            return length + output.NonFinite(values[0], room[length..]);
        }

        NumberWriter.WriteRun(values, room[length..], out count, out int written);
        return length + written;
    }

    private static int WriteRun(
        JsonOutput output, ReadOnlySpan<double> values, bool afterComma, Span<byte> room, out int count)
    {
        int length = afterComma ? 1 : 0;
        room[0] = (byte)',';
        if (!double.IsFinite(values[0]))
        {
            count = 1;
            return length + output.NonFinite(values[0], room[length..]);
        }

        NumberWriter.WriteRun(values, room[length..], out count, out int written);
        return length + written;
    }

    // Integers are rare and few: one a turn, as places of what a loss chose.
    private static int WriteRun(ReadOnlySpan<int> values, bool afterComma, Span<byte> room, out int count)
    {
        room[0] = (byte)',';
        int length = afterComma ? 1 : 0;
        Utf8Formatter.TryFormat(values[0], room[length..], out int written);
        count = 1;
        return length + written;
    }

    /// <summary>Walks the innermost arrays of a nested tensor in order. An axis of length 0 ends the nesting: what it
    /// holds is written as an empty array.</summary>
    private struct Rows
    {
        private readonly Shape _shape;
        private readonly int _outer;
        private readonly int _count;
        private int _row;

        public Rows(Shape shape)
        {
            _shape = shape;
            _count = 1;
            while (_outer < shape.Rank - 1 && shape[_outer] > 0)
            {
                _count *= shape[_outer++];
            }

            RowLength = shape[_outer];
        }

        /// <summary>How many numbers a row holds.</summary>
        public int RowLength { get; }

        /// <summary>How many numbers of this row are written.</summary>
        public int InRow { get; private set; }

        /// <summary>Where the next number stands in the tensor.</summary>
        public readonly int Offset => (_row * RowLength) + InRow;

        public readonly bool IsDone => _row == _count;

        public void Take(int count) => InRow += count;

        /// <summary>Opens a row, and every array that starts with it.</summary>
        public readonly int Open(Span<byte> room)
        {
            int length = 0;
            if (_row > 0)
            {
                room[length++] = (byte)',';
            }

            int brackets = 1 + Boundaries(_row);
            room.Slice(length, brackets).Fill((byte)'[');
            return length + brackets;
        }

        /// <summary>Closes a row, and every array that ends with it.</summary>
        public int Close(Span<byte> room)
        {
            InRow = 0;
            int brackets = 1 + Boundaries(++_row);
            room[..brackets].Fill((byte)']');
            return brackets;
        }

        // How many of the outer arrays start, or end, before this row.
        private readonly int Boundaries(int row)
        {
            int count = 0;
            for (int axis = _outer - 1; axis >= 0 && row % _shape[axis] == 0; axis--)
            {
                row /= _shape[axis];
                count++;
            }

            return count;
        }
    }
}

using System.Buffers.Text;
using System.Numerics;
using System.Runtime.InteropServices;
using System.Text.Json;
using LossService.Benchmarks.Kernels;
using LossService.Wire.Numbers;

namespace LossService.Benchmarks.Digits;

/// <summary>A matrix of normal numbers and its JSON text, with the different ways of coming from one to the other.</summary>
/// <remarks>Every reader fills <see cref="Read"/>; every writer fills <see cref="Written"/> from the values.</remarks>
internal sealed class DigitMatrix<T>
    where T : unmanaged, IFloatingPointIeee754<T>
{
    private readonly int _columns;
    private int _length;

    public DigitMatrix(int rows, int columns)
    {
        Rows = rows;
        _columns = columns;
        var random = new Random(7);
        Values = [.. Enumerable.Range(0, rows * columns).Select(_ => T.CreateTruncating(Given.Normal(random)))];
        Read = new T[Values.Length];
        Written = new byte[(Values.Length * NumberWriter.RoomMin) + (2 * rows) + 2];
        WriteOurs();
        Text = Written.AsSpan(0, _length).ToArray();
    }

    public int Rows { get; }

    public T[] Values { get; }

    public byte[] Text { get; }

    public T[] Read { get; }

    public byte[] Written { get; }

    /// <summary>The sum of the squares of what was read; the array is emptied, so that the next reader proves itself.</summary>
    public double[] CheckRead()
    {
        double sum = Squares(Read);
        Array.Clear(Read);
        return [sum];
    }

    /// <summary>The same for what was written.</summary>
    public double[] CheckWritten()
    {
        ReadParser(Written.AsSpan(0, _length));
        Array.Clear(Written);
        return CheckRead();
    }

    public void ReadOurs()
    {
        ReadOnlySpan<byte> text = Text;
        int at = 1;
        Span<T> room = Read;
        while (text[at] == (byte)'[')
        {
            at++;
            int count;
            int consumed;
            if (typeof(T) == typeof(float))
            {
                NumberReader.ReadRun(text[at..], true, MemoryMarshal.Cast<T, float>(room), out count, out consumed);
            }
            else
            {
                NumberReader.ReadRun(text[at..], true, MemoryMarshal.Cast<T, double>(room), out count, out consumed);
            }

            room = room[count..];
            at += consumed + 2; // the bracket and what follows it
            if (room.IsEmpty)
            {
                return;
            }
        }
    }

    public void ReadUtf8JsonReader()
    {
        var reader = new Utf8JsonReader(Text);
        int count = 0;
        while (reader.Read())
        {
            if (reader.TokenType == JsonTokenType.Number)
            {
                Read[count++] = typeof(T) == typeof(float)
                    ? T.CreateTruncating(reader.GetSingle()) : T.CreateTruncating(reader.GetDouble());
            }
        }
    }

    public void ReadSerializer()
    {
        int count = 0;
        foreach (T[] row in JsonSerializer.Deserialize<T[][]>(Text)!)
        {
            row.CopyTo(Read, count);
            count += row.Length;
        }
    }

    public void ReadParser() => ReadParser(Text);

    public void WriteOurs()
    {
        Span<byte> to = Written;
        int at = 0;
        to[at++] = (byte)'[';
        for (int row = 0; row < Rows; row++)
        {
            to[at++] = (byte)'[';
            ReadOnlySpan<T> values = Values.AsSpan(row * _columns, _columns);
            int bytes;
            if (typeof(T) == typeof(float))
            {
                NumberWriter.WriteRun(MemoryMarshal.Cast<T, float>(values), to[at..], out _, out bytes);
            }
            else
            {
                NumberWriter.WriteRun(MemoryMarshal.Cast<T, double>(values), to[at..], out _, out bytes);
            }

            at += bytes;
            to[at++] = (byte)']';
            to[at++] = (byte)',';
        }

        to[at - 1] = (byte)']';
        _length = at;
    }

    public void WriteTryFormat()
    {
        Span<byte> to = Written;
        int at = 0;
        to[at++] = (byte)'[';
        for (int row = 0; row < Rows; row++)
        {
            to[at++] = (byte)'[';
            foreach (T value in Values.AsSpan(row * _columns, _columns))
            {
                value.TryFormat(to[at..], out int bytes, default, null);
                at += bytes;
                to[at++] = (byte)',';
            }

            to[at - 1] = (byte)']';
            to[at++] = (byte)',';
        }

        to[at - 1] = (byte)']';
        _length = at;
    }

    public void WriteUtf8JsonWriter(System.Buffers.ArrayBufferWriter<byte> buffer, Utf8JsonWriter writer)
    {
        buffer.ResetWrittenCount();
        writer.Reset();
        writer.WriteStartArray();
        for (int row = 0; row < Rows; row++)
        {
            writer.WriteStartArray();
            foreach (T value in Values.AsSpan(row * _columns, _columns))
            {
                if (typeof(T) == typeof(float))
                {
                    writer.WriteNumberValue(float.CreateTruncating(value));
                }
                else
                {
                    writer.WriteNumberValue(double.CreateTruncating(value));
                }
            }

            writer.WriteEndArray();
        }

        writer.WriteEndArray();
        writer.Flush();
        _length = buffer.WrittenCount;
    }

    public void CopyText()
    {
        Text.CopyTo(Written, 0);
        _length = Text.Length;
    }

    /// <summary>Takes what a writer left in its own buffer, to be checked.</summary>
    public double[] CheckWritten(ReadOnlySpan<byte> text)
    {
        text.CopyTo(Written);
        return CheckWritten();
    }

    private void ReadParser(ReadOnlySpan<byte> text)
    {
        int count = 0;
        for (int at = 0; at < text.Length;)
        {
            if (text[at] is (byte)'[' or (byte)']' or (byte)',')
            {
                at++;
                continue;
            }

            Read[count++] = Parse(text[at..], out int consumed);
            at += consumed;
        }
    }

    private static T Parse(ReadOnlySpan<byte> text, out int consumed)
    {
        if (typeof(T) == typeof(float) && Utf8Parser.TryParse(text, out float single, out consumed))
        {
            return T.CreateTruncating(single);
        }

        return Utf8Parser.TryParse(text, out double number, out consumed)
            ? T.CreateTruncating(number)
            : throw new FormatException("The text of the matrix is damaged.");
    }

    private static double Squares(T[] numbers)
    {
        double sum = 0;
        foreach (T number in numbers)
        {
            sum += double.CreateTruncating(number) * double.CreateTruncating(number);
        }

        return sum;
    }
}

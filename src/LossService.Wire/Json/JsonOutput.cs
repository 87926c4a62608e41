using System.Buffers;
using System.Buffers.Text;
using System.IO.Pipelines;
using LossService.Wire.Numbers;

namespace LossService.Wire.Json;

/// <summary>A pipe that is written piece by piece, and how non-finite numbers are written to it.</summary>
/// <remarks>Text goes straight into the pipe's memory; the pipe is told of it only when that is full or to be sent,
/// since an answer has dozens of pieces, and a server's pipe takes a lock for each. <see cref="ShouldFlush"/> says when
/// enough waits.</remarks>
internal sealed class JsonOutput(PipeWriter pipe, bool nonFiniteIsNull)
{
    private const int FlushBytes = 65_536;

    private Memory<byte> _memory;
    private int _written; // of the memory
    private int _waiting; // since the last flush

    /// <summary>True when so much waits that it should be sent.</summary>
    public bool ShouldFlush => _waiting >= FlushBytes;

    /// <summary>Sends what waits; whether anybody still reads, <see cref="FlushResults.Demand"/> says.</summary>
    public ValueTask<FlushResult> FlushAsync(CancellationToken cancelled)
    {
        Commit();
        _waiting = 0;
        return pipe.FlushAsync(cancelled);
    }

    /// <summary>Hands all that was written to the pipe, without sending it.</summary>
    public void Commit()
    {
        if (_written > 0)
        {
            pipe.Advance(_written);
        }

        _memory = default;
        _written = 0;
    }

    /// <summary>Memory to write to, at least so much.</summary>
    public Span<byte> Room(int bytesMin)
    {
        if (_memory.Length - _written < bytesMin)
        {
            Commit();
            _memory = pipe.GetMemory(bytesMin);
        }

        return _memory.Span[_written..];
    }

    /// <summary>Tells how much of the room was written.</summary>
    public void Advance(int bytes)
    {
        _written += bytes;
        _waiting += bytes;
    }

    /// <summary>Writes bytes as they are; few of them.</summary>
    public void Raw(ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(Room(bytes.Length));
        Advance(bytes.Length);
    }

    /// <summary>Writes one byte.</summary>
    public void Raw(char one) => Raw([(byte)one]);

    /// <summary>Writes a string with quotes and escapes.</summary>
    public void Text(string text) => Advance(JsonText.Write(text, Room(JsonText.BytesMax(text.Length))));

    /// <summary>Writes a member's name with its colon, after a comma unless it is the first.</summary>
    public void Name(string name, ref bool isFirst)
    {
        if (!isFirst)
        {
            Raw(',');
        }

        isFirst = false;
        Text(name);
        Raw(':');
    }

    /// <summary>Writes a whole number.</summary>
    public void Integer(long value)
    {
        Utf8Formatter.TryFormat(value, Room(NumberWriter.RoomMin), out int length);
        Advance(length);
    }

    /// <summary>Writes a number as the shortest text of its precision.</summary>
    public void Number(double value, bool isFloat64)
    {
        Span<byte> room = Room(NumberWriter.RoomMin);
        Advance(!double.IsFinite(value) ? NonFinite(value, room)
            : isFloat64 ? NumberWriter.Write(value, room) : NumberWriter.Write((float)value, room));
    }

    /// <summary>Writes NaN or an infinity into the room; returns its length.</summary>
    public int NonFinite(double value, Span<byte> room)
    {
        ReadOnlySpan<byte> text = nonFiniteIsNull ? "null"u8
            : double.IsNaN(value) ? "\"NaN\""u8 : value > 0 ? "\"Infinity\""u8 : "\"-Infinity\""u8;
        text.CopyTo(room);
        return text.Length;
    }
}

using System.Buffers;
using System.Buffers.Text;
using LossService.Engine.Numerics;

namespace LossService.Wire.Json;

/// <summary>Decodes base64 (RFC 4648: standard alphabet, padded, no whitespace, no stray bits) that arrives in
/// parts.</summary>
internal sealed class Base64Text(TensorPool pool) : IDisposable
{
    private static readonly SearchValues<byte> Alphabet =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"u8);

    private readonly GrowingBuffer _bytes = new(pool);
    private readonly byte[] _quantum = new byte[4];
    private int _inQuantum;
    private int _paddings;
    private bool _isBroken;

    /// <summary>How many bytes were decoded.</summary>
    public int Length { get; private set; }

    /// <summary>The decoded bytes.</summary>
    public ReadOnlySpan<byte> Bytes => _bytes.First<byte>(Length);

    /// <summary>Starts a new text.</summary>
    public void Begin()
    {
        Length = 0;
        _inQuantum = 0;
        _paddings = 0;
        _isBroken = false;
    }

    /// <summary>Takes the next part of the text.</summary>
    /// <param name="part">ASCII, of any length.</param>
    /// <param name="bytesMax">The limit.</param>
    /// <returns>False when the text stands for more bytes than the limit.</returns>
    public bool Add(ReadOnlySpan<byte> part, long bytesMax)
    {
        int clean = part.IndexOfAnyExcept(Alphabet);
        ReadOnlySpan<byte> letters = clean < 0 ? part : part[..clean];
        _paddings += part.Length - letters.Length;
        _isBroken |= _paddings > 2 || (letters.Length > 0 && _paddings > part.Length - letters.Length)
            || part[letters.Length..].ContainsAnyExcept((byte)'=');
        if (_isBroken)
        {
            return true;
        }

        while (_inQuantum is > 0 and < 4 && letters.Length > 0)
        {
            _quantum[_inQuantum++] = letters[0];
            letters = letters[1..];
        }

        if (_inQuantum == 4)
        {
            Decode(_quantum);
            _inQuantum = 0;
        }

        int whole = letters.Length & ~3;
        if (Length + (whole / 4 * 3L) > bytesMax)
        {
            return false;
        }

        Decode(letters[..whole]);
        foreach (byte letter in letters[whole..])
        {
            _quantum[_inQuantum++] = letter;
        }

        return true;
    }

    /// <summary>Ends the text; false if it was no base64.</summary>
    public bool End()
    {
        // There are two paddings at most, so they stand behind two letters or three.
        if (_isBroken || (_inQuantum + _paddings) % 4 != 0)
        {
            return false;
        }

        if (_inQuantum == 0)
        {
            return true;
        }

        _quantum.AsSpan(_inQuantum).Fill((byte)'A');
        Span<byte> last = stackalloc byte[3];
        Base64.DecodeFromUtf8(_quantum, last, out _, out _);
        int kept = _inQuantum - 1;
        foreach (byte one in last[..kept])
        {
            _bytes.Room<byte>(Length++)[0] = one;
        }

        // Bits behind the last byte are zero, so that one value has one text.
        return last[kept] == 0;
    }

    /// <summary>Hands over the decoded bytes.</summary>
    public Lease Detach() => _bytes.Detach();

    /// <inheritdoc/>
    public void Dispose() => _bytes.Dispose();

    private void Decode(ReadOnlySpan<byte> letters)
    {
        while (letters.Length > 0)
        {
            Span<byte> room = _bytes.Room<byte>(Length, least: 3);
            int some = Math.Min(letters.Length, room.Length / 3 * 4);
            Base64.DecodeFromUtf8(letters[..some], room, out _, out int written, isFinalBlock: false);
            Length += written;
            letters = letters[some..];
        }
    }
}

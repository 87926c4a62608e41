using System.Buffers;
using System.Buffers.Binary;
using System.Diagnostics;
using System.IO.Pipelines;
using System.Runtime.InteropServices;
using LossService.Engine;
using LossService.Engine.Cards;
using LossService.Engine.Numerics;
using LossService.Wire.Numbers;

namespace LossService.Wire.Safetensors;

/// <summary>Reads one request from a body as it arrives: the length of the header, the header, and each tensor straight
/// into its own pooled buffer.</summary>
/// <remarks>A broken header or layout ends the reading; all other mistakes are collected. All that it rents and has not
/// handed to the request goes back in <see cref="Dispose"/>. For one body.</remarks>
internal sealed class SafetensorsRequestReader : IDisposable
{
    private const int LengthBytes = sizeof(ulong);

    private static readonly List<TensorEntry> NoEntries = [];

    private readonly LossRequest _request;
    private readonly ReadLimits _limits;
    private readonly HeaderReader _header;
    private readonly TensorFiller _filler;
    private ulong _length;
    private Stage _stage;
    private long _headerBytes;
    private long _left = LengthBytes;
    private List<TensorEntry> _entries = NoEntries;
    private int _current = -1;

    /// <summary>Starts to read into this request.</summary>
    public SafetensorsRequestReader(LossRequest request, ReadLimits limits, TensorPool pool)
    {
        Debug.Assert(request.Card.Inputs.Count + Common.Tensors.Count <= 64, "one bit an input");
        Debug.Assert(request.Card.Parameters.Count + Common.Parameters.Count <= 64, "one bit a parameter");
        _request = request;
        _limits = limits;
        _header = new(request, limits, pool);
        _filler = new(request, pool);
    }

    private enum Stage
    {
        Length,
        Header,
        Tensors,
        End,
    }

    private Span<byte> LengthRoom => MemoryMarshal.AsBytes(new Span<ulong>(ref _length));

    private TensorEntry Current => _entries[_current];

    /// <summary>Reads the body to its end, or as far as it makes sense.</summary>
    public async ValueTask ReadAsync(PipeReader body, CancellationToken cancelled)
    {
        bool goesOn = true;
        while (goesOn)
        {
            // A read that ends "canceled" is a server's that stops: it wakes its readers, and the body goes on.
            ReadResult result = await body.ReadAsync(cancelled);
            ReadOnlySequence<byte> bytes = result.Buffer;
            try
            {
                goesOn = Take(bytes, cancelled);
                if (goesOn && result.IsCompleted)
                {
                    goesOn = false;
                    Finish();
                }
            }
            finally
            {
                body.AdvanceTo(bytes.End);
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _header.Dispose();
        _filler.Dispose();
    }

    private bool Take(in ReadOnlySequence<byte> bytes, CancellationToken cancelled)
    {
        foreach (ReadOnlyMemory<byte> segment in bytes)
        {
            cancelled.ThrowIfCancellationRequested();
            ReadOnlySpan<byte> piece = segment.Span;
            while (piece.Length > 0)
            {
                int length = (int)Math.Min(_left, piece.Length);
                if (!TakePart(piece[..length]))
                {
                    return false;
                }

                piece = piece[length..];
            }
        }

        return true;
    }

    // Bytes that belong together: none of them lies behind the end of what is being read.
    private bool TakePart(ReadOnlySpan<byte> part)
    {
        switch (_stage)
        {
            case Stage.Length:
                part.CopyTo(LengthRoom[(LengthBytes - (int)_left)..]);
                _left -= part.Length;
                return _left > 0 || BeginHeader();
            case Stage.Header when _left == _headerBytes && part[0] != (byte)'{':
                _request.Mistakes.Add(Faults.Malformed("", "header", "{ as its first byte", "another byte"));
                return false;
            case Stage.Header:
                _left -= part.Length;
                return _header.Take(part) && (_left > 0 || BeginTensors());
            case Stage.Tensors:
                _left -= part.Length;
                if (Current.Place >= 0)
                {
                    _filler.Take(part);
                }

                if (_left == 0)
                {
                    NextTensor();
                }

                return true;
            default:
                _request.Mistakes.Add(Faults.Malformed(
                    "", "body", $"its end behind {BodyBytes} bytes, as the header says", "more bytes"));
                return false;
        }
    }

    private long BodyBytes => LengthBytes + _headerBytes + (_entries.Count == 0 ? 0 : _entries[^1].End);

    private bool BeginHeader()
    {
        ulong length = BinaryPrimitives.ReadUInt64LittleEndian(LengthRoom);
        if (length > (ulong)_limits.HeaderBytesMax)
        {
            _request.Mistakes.Add(Faults.Beyond("", "header", _limits.HeaderBytesMax, "bytes of safetensors header"));
            return false;
        }

        _stage = Stage.Header;
        _headerBytes = (long)length;
        _left = _headerBytes;
        if (length == 0)
        {
            _request.Mistakes.Add(Faults.Malformed("", "header", "an object", "a length of 0"));
        }

        return length > 0;
    }

    private bool BeginTensors()
    {
        if (!_header.End())
        {
            return false;
        }

        // Of a header with more mistakes than an answer lists, not even all tensors are known.
        Mistakes mistakes = _request.Mistakes;
        if (mistakes.Truncated
            || Layout.Of(_header.Entries, LengthBytes + _headerBytes, _limits, mistakes) is not { } ordered)
        {
            return false;
        }

        _entries = ordered;
        SettleDtype();
        NextTensor();
        return true;
    }

    // Binary numbers say themselves how precise they are: one prediction in float64 asks for it.
    private void SettleDtype()
    {
        if (_request.IsGiven(Common.Dtype))
        {
            return;
        }

        foreach (TensorEntry entry in _entries)
        {
            if (entry is { Type: Dtype.F64, Place: >= 0 }
                && _request.Card.InputAt(entry.Place).Gradient == GradientRule.Default)
            {
                _request.Set(
                    _request.Card.PlaceOfParameter(Common.Dtype.Name), Common.Dtype.ValueOf("float64"));
            }
        }
    }

    private void NextTensor()
    {
        // Tensors without elements come and go at once.
        _stage = Stage.Tensors;
        while (_left == 0)
        {
            if (_current >= 0 && Current.Place >= 0)
            {
                _filler.Complete();
            }

            if (++_current == _entries.Count)
            {
                _stage = Stage.End;
                _left = long.MaxValue;
                return;
            }

            _left = Current.End - Current.Begin;
            if (Current.Place >= 0)
            {
                _filler.Begin(Current);
            }
        }
    }

    // The body has ended; that is right behind the last tensor only.
    private void Finish()
    {
        switch (_stage)
        {
            case Stage.Length:
                _request.Mistakes.Add(Faults.Malformed(
                    "", "body", "the header's length in 8 bytes", $"a body of {LengthBytes - _left} bytes"));
                break;
            case Stage.Header:
                _request.Mistakes.Add(Faults.Malformed(
                    "", "body", $"{_headerBytes} bytes of header",
                    $"the end of the body behind {_headerBytes - _left}"));
                break;
            case Stage.Tensors:
                if (Current.Place >= 0)
                {
                    _filler.Report();
                }

                _request.Mistakes.Add(Faults.Malformed(
                    Current.Pointer, "body", $"a body of {BodyBytes} bytes, as the header says",
                    $"its end behind {LengthBytes + _headerBytes + Current.End - _left} bytes"));
                break;
            default:
                break;
        }
    }
}

using System.Globalization;
using LossService.Engine;
using LossService.Engine.Cards;
using LossService.Engine.Numerics;
using LossService.Wire.Json;
using LossService.Wire.Numbers;

namespace LossService.Wire.Safetensors;

/// <summary>One tensor of the header: its dtype, shape and data_offsets, in any order.</summary>
internal sealed partial class HeaderReader
{
    private static readonly string[] FieldWords = ["dtype", "shape", "data_offsets"];

    private readonly long[] _offsets = new long[2];
    private readonly int[] _lengths = new int[Shape.RankMax];
    private TensorEntry _entry = TensorEntry.None;
    private int _seenFields;
    private int _rank;
    private int _offsetCount;

    private void BeginTensor(TensorEntry entry)
    {
        _entry = entry;
        _expecting = Expecting.Tensor;
        _seenFields = 0;
        _rank = 0;
        _offsetCount = 0;
    }

    private void TakeField(JsonToken token, ReadOnlySpan<byte> text)
    {
        switch (_expecting)
        {
            case Expecting.Field when token == JsonToken.Name:
                ChooseField(text);
                break;
            case Expecting.Field: // the end of the tensor
                Complete();
                _expecting = Expecting.Name;
                break;
            case Expecting.Dtype when token == JsonToken.String:
                SetType(text);
                _expecting = Expecting.Field;
                break;
            case Expecting.Shape when token == JsonToken.ArrayStart:
                _expecting = Expecting.Length;
                break;
            case Expecting.Length when token == JsonToken.Number:
                AddLength(text);
                break;
            case Expecting.Length when token == JsonToken.ArrayEnd:
                SetShape();
                _expecting = Expecting.Field;
                break;
            case Expecting.Offsets when token == JsonToken.ArrayStart:
                _expecting = Expecting.Offset;
                break;
            case Expecting.Offset when token == JsonToken.Number && _offsetCount < _offsets.Length:
                AddOffset(text);
                break;
            case Expecting.Offset when token == JsonToken.ArrayEnd && _offsetCount == _offsets.Length:
                _expecting = Expecting.Field;
                break;
            default:
                RefuseValue(token);
                break;
        }
    }

    private void ChooseField(ReadOnlySpan<byte> name)
    {
        _expecting = name.SequenceEqual("dtype"u8) ? Expecting.Dtype
            : name.SequenceEqual("shape"u8) ? Expecting.Shape
            : name.SequenceEqual("data_offsets"u8) ? Expecting.Offsets : Expecting.Nothing;
        if (_expecting == Expecting.Nothing)
        {
            MemberNames.RefuseUnknown(_request.Mistakes, _entry.Pointer, name, FieldWords);
        }
        else if ((_seenFields & (1 << (int)_expecting)) != 0)
        {
            _request.Mistakes.Add(new(
                MemberNames.Pointer(_entry.Pointer, name, out _), Codes.DuplicateMember, MemberNames.TwiceDetail));
            _expecting = Expecting.Nothing;
        }

        _seenFields |= 1 << (int)_expecting;
    }

    private void SetType(ReadOnlySpan<byte> word)
    {
        Input? input = _entry.Place < 0 ? null : _request.Card.InputAt(_entry.Place);
        _entry.Type = DtypeNames.Safetensors.Parse(word);
        bool isRead = _entry.Type is { } type && (input is null || Dtypes.Suits(type, input));
        if (!isRead && !_request.Mistakes.Truncated)
        {
            string expected = DtypeNames.Safetensors.Expected(input);
            string found = _entry.Type is { } known ? DtypeNames.Safetensors.Of(known) : "another dtype";
            _request.Mistakes.Add(new(_entry.Pointer, Codes.DtypeUnsupported, $"expected {expected}, found {found}")
            {
                Expected = expected,
                Found = found,
            });
        }

        _entry.Place = isRead ? _entry.Place : -1;
    }

    private void AddLength(ReadOnlySpan<byte> text)
    {
        if (!long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long length))
        {
            Break("lengths in shape that are whole numbers from 0 up", "another number");
        }
        else if (_rank == Shape.RankMax)
        {
            BreakBeyond("rank", Shape.RankMax, "axes");
        }
        else if (length > _limits.ElementsMax)
        {
            BreakBeyond("elements", _limits.ElementsMax, "elements in one tensor");
        }
        else
        {
            _lengths[_rank++] = (int)length;
        }
    }

    // Zeros do not hide giants: the product of the other lengths stays within the limit too, and so within an int.
    private void SetShape()
    {
        long product = 1;
        for (int axis = 0; axis < _rank && product <= _limits.ElementsMax; axis++)
        {
            product *= Math.Max(_lengths[axis], 1);
        }

        if (product > _limits.ElementsMax)
        {
            BreakBeyond("elements", _limits.ElementsMax, "elements in one tensor");
        }
        else
        {
            _entry.Shape = new(_lengths.AsSpan(0, _rank));
        }
    }

    private void AddOffset(ReadOnlySpan<byte> text)
    {
        if (!long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out _offsets[_offsetCount++]))
        {
            Break("data_offsets that are whole numbers from 0 up", "another number");
        }
    }

    private void Complete()
    {
        const int all = (1 << (int)Expecting.Dtype) | (1 << (int)Expecting.Shape) | (1 << (int)Expecting.Offsets);
        if ((_seenFields & all) != all)
        {
            Break("dtype, shape and data_offsets", "a tensor without one of them");
            return;
        }

        (_entry.Begin, _entry.End) = (_offsets[0], _offsets[1]);
        if (_entry.Begin > _entry.End)
        {
            Break("data_offsets that begin before they end", $"[{_entry.Begin}, {_entry.End}]");
            return;
        }

        // 2^27 elements of 8 bytes at most, as the configuration's range says: no overflow in 64 bits.
        long bytes = _entry.Type is { } type ? (long)_entry.Shape.Elements * Dtypes.SizeOf(type) : -1;
        if (bytes >= 0 && _entry.End - _entry.Begin != bytes)
        {
            Break($"{bytes} bytes of {DtypeNames.Safetensors.Of(_entry.Type!.Value)} in shape {_entry.Shape}",
                $"{_entry.End - _entry.Begin} bytes between its data_offsets");
            return;
        }

        if (!_request.Mistakes.Truncated)
        {
            _entries.Add(_entry);
        }
    }
}

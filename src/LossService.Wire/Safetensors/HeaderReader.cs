using System.Globalization;
using LossService.Engine;
using LossService.Engine.Cards;
using LossService.Engine.Numerics;
using LossService.Wire.Json;

namespace LossService.Wire.Safetensors;

/// <summary>Reads the JSON header as it arrives: an object of tensors by name, each with dtype, shape and data_offsets,
/// and <c>__metadata__</c>, an object of strings.</summary>
/// <remarks>What is malformed, or beyond a limit, breaks the header: nothing behind it can be read. Other mistakes are
/// collected; the tensors concerned are passed over.</remarks>
internal sealed class HeaderReader : IDisposable
{
    private const string MetadataName = "__metadata__";

    private static readonly string[] FieldWords = ["dtype", "shape", "data_offsets"];

    private readonly LossRequest _request;
    private readonly ReadLimits _limits;
    private readonly JsonScanner _scanner;
    private readonly MetadataReader _metadata;
    private readonly List<TensorEntry> _entries = [];
    private readonly long[] _offsets = new long[2];
    private readonly int[] _lengths = new int[Shape.RankMax];
    private Expecting _expecting;
    private ulong _seenInputs;
    private bool _hasSeenMetadata;
    private TensorEntry _entry = new("");
    private int _seenFields;
    private int _rank;
    private int _offsetCount;
    private int _skipTo = -1;
    private bool _isBroken;

    /// <summary>Starts to read the header of this request's body.</summary>
    public HeaderReader(LossRequest request, ReadLimits limits, TensorPool pool)
    {
        _request = request;
        _limits = limits;
        _scanner = new(limits, pool);
        _metadata = new(request);
    }

    private enum Expecting
    {
        Header,
        Name,
        Metadata,
        Option,
        OptionText,
        Tensor,
        Field,
        Dtype,
        Shape,
        Length,
        Offsets,
        Offset,
        Nothing,
    }

    /// <summary>The tensors in the order of the header.</summary>
    public IReadOnlyList<TensorEntry> Entries => _entries;

    /// <summary>Takes the next bytes of the header; false when it is broken.</summary>
    public bool Take(ReadOnlySpan<byte> piece)
    {
        int at = 0;
        while (!_isBroken)
        {
            JsonToken token = _scanner.Read(piece, ref at, out ReadOnlySpan<byte> text);
            if (token == JsonToken.None)
            {
                _scanner.Advance(piece);
                return true;
            }

            if (token == JsonToken.Fault)
            {
                Abandon();
                return false;
            }

            Take(token, text);
        }

        return false;
    }

    /// <summary>Tells that the header ends here; false when it is broken.</summary>
    public bool End()
    {
        _scanner.End();
        if (Take(" "u8) && !_scanner.IsComplete())
        {
            Abandon();
        }

        return !_isBroken;
    }

    /// <inheritdoc/>
    public void Dispose() => _scanner.Dispose();

    private void Abandon()
    {
        Mistake fault = _scanner.Fault!;
        string found = fault.Found == "the end of the body" ? "the end of the header" : fault.Found ?? "";
        _request.Mistakes.Add(fault with
        {
            Detail = "safetensors header, " + fault.Detail.Replace("of the body", "of the header", StringComparison.Ordinal),
            Expected = fault.Expected?.Replace("of the body", "of the header", StringComparison.Ordinal),
            Found = fault.Found is null ? null : found,
        });
        _isBroken = true;
    }

    private void Take(JsonToken token, ReadOnlySpan<byte> text)
    {
        if (_skipTo >= 0)
        {
            _skipTo = _scanner.Depth == _skipTo && token is JsonToken.ObjectEnd or JsonToken.ArrayEnd ? -1 : _skipTo;
            return;
        }

        switch (_expecting)
        {
            case Expecting.Header when token == JsonToken.ObjectStart:
                _expecting = Expecting.Name;
                break;
            case Expecting.Name when token == JsonToken.Name:
                Choose(text);
                break;
            case Expecting.Name: // the end of the header
                break;
            case Expecting.Metadata when token == JsonToken.ObjectStart:
                _expecting = Expecting.Option;
                break;
            case Expecting.Option when token == JsonToken.Name:
                _metadata.Begin(text);
                _expecting = Expecting.OptionText;
                break;
            case Expecting.Option: // the end of __metadata__
                _expecting = Expecting.Name;
                break;
            case Expecting.OptionText when token == JsonToken.String:
                _metadata.Take(text);
                _expecting = Expecting.Option;
                break;
            case Expecting.Tensor when token == JsonToken.ObjectStart:
                _expecting = Expecting.Field;
                break;
            case Expecting.Nothing:
                Skip(token);
                break;
            default:
                TakeField(token, text);
                break;
        }
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

    // A value that nobody reads: of a second __metadata__, or of an unknown field of a tensor.
    private void Skip(JsonToken token)
    {
        bool opens = token is JsonToken.ObjectStart or JsonToken.ArrayStart;
        int depth = opens ? _scanner.Depth - 1 : _scanner.Depth;
        _skipTo = opens ? depth : -1;
        _expecting = depth > 1 ? Expecting.Field : Expecting.Name;
    }

    private void Choose(ReadOnlySpan<byte> name)
    {
        if (name.SequenceEqual("__metadata__"u8))
        {
            _expecting = Expecting.Metadata;
            if (_hasSeenMetadata)
            {
                _request.Mistakes.Add(new("/" + MetadataName, Codes.DuplicateMember, MemberNames.TwiceDetail));
                _expecting = Expecting.Nothing;
            }

            _hasSeenMetadata = true;
            return;
        }

        LossCard card = _request.Card;
        _entry = new(MemberNames.Pointer("", name, out _)) { Place = MemberNames.PlaceOfInput(card, name) };
        _expecting = Expecting.Tensor;
        _seenFields = 0;
        _rank = 0;
        _offsetCount = 0;
        if (_entry.Place < 0 && MemberNames.PlaceOfParameter(card, name) >= 0)
        {
            _request.Mistakes.Add(new(_entry.Pointer, Codes.UnknownMember,
                "expected no tensor: a parameter stands in __metadata__, or in the query"));
        }
        else if (_entry.Place < 0)
        {
            MemberNames.RefuseUnknown(_request.Mistakes, "", name, card, []);
        }
        else if ((_seenInputs >> _entry.Place & 1) != 0)
        {
            _request.Mistakes.Add(new(_entry.Pointer, Codes.DuplicateMember, MemberNames.TwiceDetail));
            _entry.Place = -1;
        }
        else
        {
            _seenInputs |= 1UL << _entry.Place;
        }
    }

    private void ChooseField(ReadOnlySpan<byte> name)
    {
        _expecting = name.SequenceEqual("dtype"u8) ? Expecting.Dtype
            : name.SequenceEqual("shape"u8) ? Expecting.Shape
            : name.SequenceEqual("data_offsets"u8) ? Expecting.Offsets : Expecting.Nothing;
        if (_expecting == Expecting.Nothing)
        {
            MemberNames.RefuseUnknown(_request.Mistakes, _entry.Pointer, name, null, FieldWords);
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
        _entry.Type = Dtypes.Parse(word);
        bool isRead = _entry.Type is { } type && (input is null || Dtypes.Suits(type, input));
        if (!isRead && !_request.Mistakes.Truncated)
        {
            string expected = Dtypes.Expected(input);
            string found = _entry.Type is { } known ? Dtypes.NameOf(known) : "another dtype";
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
            Break($"{bytes} bytes of {Dtypes.NameOf(_entry.Type!.Value)} in shape {_entry.Shape}",
                $"{_entry.End - _entry.Begin} bytes between its data_offsets");
            return;
        }

        if (!_request.Mistakes.Truncated)
        {
            _entries.Add(_entry);
        }
    }

    private void RefuseValue(JsonToken token)
    {
        if (_expecting == Expecting.Offset && token is JsonToken.Number or JsonToken.ArrayEnd)
        {
            Break("two data_offsets, begin and end", token == JsonToken.Number ? "more" : $"{_offsetCount}");
            return;
        }

        string expected = _expecting switch
        {
            Expecting.Header => "an object",
            Expecting.Metadata => "an object of strings",
            Expecting.OptionText => "strings",
            Expecting.Tensor => "an object of dtype, shape and data_offsets",
            Expecting.Dtype => "a string as dtype",
            Expecting.Shape or Expecting.Length => "an array of lengths as shape",
            _ => "an array of two numbers as data_offsets",
        };
        string pointer = _expecting switch
        {
            Expecting.Header => "",
            Expecting.Metadata or Expecting.OptionText => "/" + MetadataName,
            _ => _entry.Pointer,
        };
        _isBroken = true;
        _request.Mistakes.Add(Faults.Malformed(pointer, "header", expected, JsonTensorReader.NameOf(token)));
    }

    private void Break(string expected, string found)
    {
        _isBroken = true;
        _request.Mistakes.Add(Faults.Malformed(_entry.Pointer, "header", expected, found));
    }

    private void BreakBeyond(string limit, long max, string unit)
    {
        _isBroken = true;
        _request.Mistakes.Add(Faults.Beyond(_entry.Pointer, limit, max, unit));
    }
}

using LossService.Engine;
using LossService.Engine.Cards;
using LossService.Engine.Numerics;
using LossService.Wire.Json;

namespace LossService.Wire.Safetensors;

/// <summary>Reads the JSON header as it arrives: an object of tensors by name, each with dtype, shape and data_offsets,
/// and <c>__metadata__</c>, an object of strings.</summary>
/// <remarks>What is malformed, or beyond a limit, breaks the header: nothing behind it can be read. Other mistakes are
/// collected; the tensors concerned are passed over.</remarks>
internal sealed partial class HeaderReader : IDisposable
{
    private const string MetadataName = "__metadata__";

    private readonly LossRequest _request;
    private readonly ReadLimits _limits;
    private readonly JsonScanner _scanner;
    private readonly MetadataReader _metadata;
    private readonly List<TensorEntry> _entries = [];
    private Expecting _expecting;
    private ulong _seenInputs;
    private bool _hasSeenMetadata;
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
    public List<TensorEntry> Entries => _entries;

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
            Detail = "safetensors header, "
                + fault.Detail.Replace("of the body", "of the header", StringComparison.Ordinal),
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
        int place = MemberNames.PlaceOfInput(card, name);
        string pointer = place < 0 ? MemberNames.Pointer("", name, out _) : "/" + card.InputAt(place).Name;
        BeginTensor(new(pointer) { Place = place });
        if (_entry.Place < 0 && MemberNames.PlaceOfParameter(card, name) >= 0)
        {
            _request.Mistakes.Add(new(_entry.Pointer, Codes.UnknownMember,
                "expected no tensor: a parameter stands in __metadata__, or in the query"));
        }
        else if (_entry.Place < 0)
        {
            MemberNames.RefuseUnknown(_request.Mistakes, "", name, card);
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

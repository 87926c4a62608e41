using System.Text;
using LossService.Engine;
using LossService.Engine.Cards;
using LossService.Wire.Json;

namespace LossService.Wire.Safetensors;

/// <summary>Reads the options of <c>__metadata__</c>, which are text: parameters by name, as in a query, and
/// <c>gradients</c> with commas between the inputs' names, empty for none. Ranges are judged later.</summary>
/// <remarks>Libraries write <c>format</c> there, the framework a file comes from; it says nothing here and is
/// ignored.</remarks>
internal sealed class MetadataReader
{
    private const string Pointer = "/__metadata__";
    private const int Gradients = -1;
    private const int Ignored = -2;

    private readonly LossRequest _request;
    private int _place;
    private ulong _seenParameters;
    private bool _hasSeenGradients;
    private bool _hasSeenFormat;

    /// <summary>Starts to read into this request.</summary>
    public MetadataReader(LossRequest request)
    {
        _request = request;
        _request.ParametersPointer = Pointer;
    }

    /// <summary>Takes an option's name.</summary>
    public void Begin(ReadOnlySpan<byte> name)
    {
        LossCard card = _request.Card;
        _place = MemberNames.PlaceOfParameter(card, name);
        bool isSecond;
        if (_place >= 0)
        {
            isSecond = (_seenParameters >> _place & 1) != 0;
            _seenParameters |= 1UL << _place;
        }
        else if (Ascii.Equals(name, Common.GradientsName))
        {
            (isSecond, _hasSeenGradients, _place) = (_hasSeenGradients, true, Gradients);
        }
        else
        {
            _place = Ignored;
            bool isFormat = name.SequenceEqual("format"u8);
            isSecond = isFormat && _hasSeenFormat;
            _hasSeenFormat |= isFormat;
            if (!isFormat)
            {
                RefuseUnknown(name);
            }
        }

        if (isSecond)
        {
            _place = Ignored;
            _request.Mistakes.Add(new(
                MemberNames.Pointer(Pointer, name, out _), Codes.DuplicateMember, MemberNames.TwiceDetail));
        }
    }

    /// <summary>Takes the option's text.</summary>
    public void Take(ReadOnlySpan<byte> text)
    {
        if (_place == Gradients)
        {
            GivenParameters.SetGradients(_request, text, $"{Pointer}/{Common.GradientsName}");
        }
        else if (_place >= 0)
        {
            string pointer = $"{Pointer}/{_request.Card.ParameterAt(_place).Name}";
            GivenParameters.SetText(_request, _place, Encoding.UTF8.GetString(text), pointer);
        }
    }

    private void RefuseUnknown(ReadOnlySpan<byte> name)
    {
        if (MemberNames.PlaceOfInput(_request.Card, name) >= 0)
        {
            _request.Mistakes.Add(new(MemberNames.Pointer(Pointer, name, out _), Codes.UnknownMember,
                "expected an option: an input stands beside __metadata__, as a tensor"));
            return;
        }

        MemberNames.RefuseUnknownParameter(_request.Mistakes, Pointer, name, _request.Card);
    }
}

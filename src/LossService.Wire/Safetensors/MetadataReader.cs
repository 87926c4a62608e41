using System.Text;
using LossService.Engine;
using LossService.Engine.Cards;
using LossService.Wire.Json;

namespace LossService.Wire.Safetensors;

/// <summary>Reads the options of <c>__metadata__</c>, which are text: parameters by name, as in a query, and
/// <c>gradients</c> with commas between the inputs' names, empty for none. Ranges are judged later.</summary>
/// <remarks>Libraries write <c>format</c> there, the framework a file comes from; it says nothing here and is
/// ignored.</remarks>
internal sealed class MetadataReader(LossRequest request)
{
    private const string Pointer = "/__metadata__";
    private const string SameValue = "the same value in the query and in the body";
    private const int FoundLengthMax = 64;
    private const int Gradients = -1;
    private const int Ignored = -2;

    private int _place;
    private ulong _seenParameters;
    private bool _hasSeenGradients;
    private bool _hasSeenFormat;

    /// <summary>Takes an option's name.</summary>
    public void Begin(ReadOnlySpan<byte> name)
    {
        LossCard card = request.Card;
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
            request.Mistakes.Add(new(
                MemberNames.Pointer(Pointer, name, out _), Codes.DuplicateMember, MemberNames.TwiceDetail));
        }
    }

    /// <summary>Takes the option's text.</summary>
    public void Take(ReadOnlySpan<byte> text)
    {
        if (_place == Gradients)
        {
            SetGradients(Encoding.UTF8.GetString(text));
        }
        else if (_place >= 0)
        {
            SetParameter(request.Card.ParameterAt(_place), Encoding.UTF8.GetString(text));
        }
    }

    private void RefuseUnknown(ReadOnlySpan<byte> name)
    {
        if (MemberNames.PlaceOfInput(request.Card, name) >= 0)
        {
            request.Mistakes.Add(new(MemberNames.Pointer(Pointer, name, out _), Codes.UnknownMember,
                "expected an option: an input stands beside __metadata__, as a tensor"));
            return;
        }

        MemberNames.RefuseUnknown(request.Mistakes, Pointer, name, request.Card, []);
    }

    private void SetParameter(Parameter parameter, string text)
    {
        double value = ParameterText.Parse(parameter, text);
        if (double.IsInfinity(value))
        {
            string found = text.Length == 0 ? "nothing" : Cut(text);
            string code = ReferenceEquals(parameter, Common.Dtype) ? Codes.DtypeUnsupported : Codes.ParameterOutOfRange;
            Refuse(parameter.Name, code, Wanted(parameter), found);
            return;
        }

        value = value == parameter.NullAlias ? double.NaN : value;

        // An option stands once in a header, so what is given already came with the query.
        if (request.IsGiven(_place) && !request[parameter].Equals(value))
        {
            Refuse(parameter.Name, Codes.OptionConflict, SameValue, "two values");
            return;
        }

        request.Set(_place, value);
    }

    private void SetGradients(string names)
    {
        LossCard card = request.Card;
        ulong gradients = 0;
        const StringSplitOptions plain = StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries;
        foreach (string name in names.Split(',', plain))
        {
            int place = card.PlaceOfInput(name);
            if (place < 0 || place >= card.Inputs.Count || card.Inputs[place].Gradient == GradientRule.Never)
            {
                string expected = string.Join(
                    ", ", card.Inputs.Where(one => one.Gradient != GradientRule.Never).Select(one => one.Name));
                Refuse(Common.GradientsName, Codes.GradientNotAvailable, "some of " + expected, Cut(name));
                return;
            }

            gradients |= 1UL << place;
        }

        if (request.Gradients is { } given && given != gradients)
        {
            Refuse(Common.GradientsName, Codes.OptionConflict, SameValue, "two values");
            return;
        }

        request.Gradients = gradients;
    }

    private void Refuse(string name, string code, string expected, string found) =>
        request.Mistakes.Add(new("/" + name, code, $"expected {expected}, found {found}")
        {
            Expected = expected,
            Found = found,
        });

    private static string Wanted(Parameter parameter)
    {
        string text = parameter.Kind switch
        {
            ParameterKind.Flag => "true or false",
            ParameterKind.Choice => "one of " + string.Join(", ", parameter.Words),
            ParameterKind.Integer => "a whole number",
            _ => "a finite number",
        };
        return parameter.Nullable ? text + ", or null" : text;
    }

    private static string Cut(string text) => text.Length <= FoundLengthMax ? text
        : text[..(char.IsHighSurrogate(text[FoundLengthMax - 1]) ? FoundLengthMax - 1 : FoundLengthMax)] + "…";
}

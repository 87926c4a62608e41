using System.Text;
using LossService.Engine;
using LossService.Engine.Cards;
using LossService.Engine.Numerics;
using LossService.Wire.Numbers;

namespace LossService.Wire.Json;

/// <summary>Reads the values of parameters. Ranges are judged later.</summary>
internal static class JsonParameterReader
{
    /// <summary>Takes a parameter's value, which is one token; what opens a container is of a wrong type.</summary>
    public static void Take(LossRequest request, int place, JsonToken token, ReadOnlySpan<byte> text)
    {
        Parameter parameter = request.Card.ParameterAt(place);
        double value = double.NaN;
        switch (parameter.Kind)
        {
            case ParameterKind.Flag when token is JsonToken.True or JsonToken.False:
                value = token == JsonToken.True ? 1 : 0;
                break;
            // A word that is a number, such as the base 2, may come as one.
            case ParameterKind.Choice
                when token == JsonToken.String || (token == JsonToken.Number && TryWord(parameter, text, out _)):
                if (!TryWord(parameter, text, out value))
                {
                    request.Mistakes.Add(
                        ParameterRange.Broken(request.Card, parameter, "/" + parameter.Name, Found(text)));
                    return;
                }

                break;
            case ParameterKind.Number or ParameterKind.Integer when token == JsonToken.Number:
                if (!TryNumber(request, parameter, text, out value))
                {
                    return;
                }

                break;
            case ParameterKind.Number or ParameterKind.Integer when token == JsonToken.String && IsNonFinite(text):
                Refuse(request, parameter, Codes.NonFiniteInput, "a finite number", Found(text));
                return;
            default:
                if (token != JsonToken.Null || !parameter.Nullable)
                {
                    string wanted = Wanted(request.Card, parameter);
                    Refuse(request, parameter, Codes.WrongType, wanted, JsonTensorReader.NameOf(token));
                    return;
                }

                break;
        }

        GivenParameters.Set(request, place, value, "/" + parameter.Name);
    }

    private static bool TryWord(Parameter parameter, ReadOnlySpan<byte> text, out double value)
    {
        for (int place = 0; place < parameter.Words.Count; place++)
        {
            if (Ascii.Equals(text, parameter.Words[place]))
            {
                value = place;
                return true;
            }
        }

        value = double.NaN;
        return false;
    }

    private static bool TryNumber(LossRequest request, Parameter parameter, ReadOnlySpan<byte> text, out double value)
    {
        NumberStatus status = NumberReader.ReadLabel(text, isFinal: true, out int label, out value, out _);
        if (status == NumberStatus.Overflow)
        {
            Refuse(request, parameter, Codes.NumberOverflow, "a float64", Found(text));
            return false;
        }

        if (parameter.Kind == ParameterKind.Integer && label is Labels.NotAnInteger or Labels.TooLarge)
        {
            Refuse(request, parameter, Codes.ParameterOutOfRange, "an integer up to 2^53", Found(text));
            return false;
        }

        return true;
    }

    private static bool IsNonFinite(ReadOnlySpan<byte> text) =>
        text.SequenceEqual("NaN"u8) || text.SequenceEqual("Infinity"u8) || text.SequenceEqual("-Infinity"u8);

    private static string Found(ReadOnlySpan<byte> text) => ParameterRange.Found(Encoding.UTF8.GetString(text));

    private static string Wanted(LossCard card, Parameter parameter)
    {
        if (parameter.Kind is ParameterKind.Choice or ParameterKind.Flag)
        {
            return ParameterRange.Text(card, parameter);
        }

        string kind = parameter.Kind == ParameterKind.Integer ? "an integer" : "a number";
        return parameter.Nullable ? kind + " or null" : kind;
    }

    private static void Refuse(LossRequest request, Parameter parameter, string code, string expected, string found) =>
        request.Mistakes.Add(new("/" + parameter.Name, code, $"expected {expected}, found {found}")
        {
            Expected = expected,
            Found = found,
        });
}

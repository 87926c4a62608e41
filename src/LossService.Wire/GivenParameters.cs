using LossService.Engine;
using LossService.Engine.Cards;

namespace LossService.Wire;

/// <summary>Sets what a caller gives as parameters, wherever he gives it: in a body, a query string or the metadata of
/// a file. Ranges are judged later.</summary>
/// <remarks>A query is read before the body, and each member stands once in either, so what is given already came with
/// the query: it must not differ.</remarks>
public static class GivenParameters
{
    /// <summary>Sets a parameter whose value is understood.</summary>
    /// <param name="request">The request.</param>
    /// <param name="place">The parameter's place on the card.</param>
    /// <param name="value">Its value, as <see cref="Parameter"/> says.</param>
    /// <param name="pointer">Where it was given.</param>
    public static void Set(LossRequest request, int place, double value, string pointer)
    {
        ArgumentNullException.ThrowIfNull(request);
        Parameter parameter = request.Card.ParameterAt(place);
        value = value == parameter.NullAlias ? double.NaN : value;
        if (request.IsGiven(place) && !request[parameter].Equals(value))
        {
            request.Mistakes.Add(Conflict(pointer));
            return;
        }

        request.Set(place, value);
    }

    /// <summary>Sets a parameter that is given as text.</summary>
    public static void SetText(LossRequest request, int place, string text, string pointer)
    {
        ArgumentNullException.ThrowIfNull(request);
        Parameter parameter = request.Card.ParameterAt(place);
        double value = ParameterText.Parse(parameter, text);
        if (double.IsInfinity(value))
        {
            request.Mistakes.Add(ParameterRange.Broken(
                request.Card, parameter, pointer, ParameterRange.Found(text)));
            return;
        }

        Set(request, place, value, pointer);
    }

    /// <summary>Sets the inputs to differentiate from names with commas between them; none at all is an empty list, as
    /// [] is in JSON.</summary>
    /// <param name="request">The request.</param>
    /// <param name="names">UTF-8.</param>
    /// <param name="pointer">Where they were given.</param>
    public static void SetGradients(LossRequest request, ReadOnlySpan<byte> names, string pointer)
    {
        var list = new GradientList(request, pointer);
        foreach (Range part in names.Split((byte)','))
        {
            ReadOnlySpan<byte> name = names[part].Trim(" \t\r\n"u8);
            if (name.Length > 0)
            {
                list.Add(name);
            }
        }

        list.Complete();
    }

    /// <summary>The mistake of giving another value in the body than in the query.</summary>
    internal static Mistake Conflict(string pointer)
    {
        const string expected = "the same value in the query and in the body";
        const string found = "two values";
        return new(pointer, Codes.OptionConflict, $"expected {expected}, found {found}")
        {
            Expected = expected,
            Found = found,
        };
    }
}

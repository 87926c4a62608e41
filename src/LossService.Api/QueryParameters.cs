using LossService.Engine;
using LossService.Engine.Cards;
using Microsoft.Extensions.Primitives;

namespace LossService.Api;

/// <summary>Reads parameters from a query string, such as <c>?reduction=sum&amp;dtype=float64</c>, by the card's names.
/// <c>gradients</c> is a list with commas; tensors never stand there.</summary>
internal static class QueryParameters
{
    private const int FoundLengthMax = 64;

    /// <summary>Sets what the query gives; what it gives wrongly becomes a mistake under <c>?name</c>.</summary>
    public static void Read(HttpRequest http, LossRequest request)
    {
        if (!http.QueryString.HasValue)
        {
            return;
        }

        foreach (KeyValuePair<string, StringValues> given in http.Query)
        {
            if (request.Mistakes.Truncated)
            {
                return;
            }

            Read(given.Key, given.Value, request);
        }
    }

    private static void Read(string name, StringValues values, LossRequest request)
    {
        LossCard card = request.Card;
        int place = card.PlaceOfParameter(name);
        if (place < 0 && name == MediaTypes.FormatName)
        {
            return; // it says how to read the body, and was heeded there
        }

        if (place < 0 && name != Common.GradientsName)
        {
            request.Mistakes.Add(Unknown(name, card));
            return;
        }

        if (values.Count > 1)
        {
            request.Mistakes.Add(new($"?{name}", Codes.DuplicateMember, $"given {values.Count} times"));
            return;
        }

        if (place < 0)
        {
            ReadGradients(values[0] ?? "", request);
            return;
        }

        Parameter parameter = card.ParameterAt(place);
        double value = ParameterText.Parse(parameter, values[0] ?? "");
        if (double.IsInfinity(value))
        {
            request.Mistakes.Add(ParameterRange.Broken(parameter, $"?{name}", Found(values[0])));
            return;
        }

        request.Set(place, value);
        request.GivenInQuery |= 1UL << place;
    }

    // Names with commas between them; none at all is an empty list, as [] is in the body.
    private static void ReadGradients(string names, LossRequest request)
    {
        LossCard card = request.Card;
        ulong gradients = 0;
        const StringSplitOptions plain = StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries;
        foreach (string name in names.Split(',', plain))
        {
            int place = card.PlaceOfInput(name);
            if (place >= 0 && place < card.Inputs.Count && card.Inputs[place].Gradient != GradientRule.Never)
            {
                gradients |= 1UL << place;
                continue;
            }

            string expected = ParameterRange.Listed(
                card.Inputs.Where(input => input.Gradient != GradientRule.Never).Select(input => input.Name));
            string detail = $"expected some of {expected}, found {Cut(name)}";
            request.Mistakes.Add(new($"?{Common.GradientsName}", Codes.GradientNotAvailable, detail)
            {
                Expected = expected,
                Found = Cut(name),
            });
            return;
        }

        request.Gradients = gradients;
    }

    private static Mistake Unknown(string name, LossCard card)
    {
        string pointer = $"?{Cut(name)}";
        if (card.PlaceOfInput(name) >= 0)
        {
            return new(pointer, Codes.UnknownMember, "this member stands in the body, not in the query");
        }

        IEnumerable<string> known = card.Parameters.Concat(Common.Parameters).Select(parameter => parameter.Name);
        string? near = Spelling.Near(known, name).FirstOrDefault();
        return new(pointer, Codes.UnknownMember, near is null
            ? $"{card.Name} has no such parameter"
            : $"{card.Name} has no such parameter; did you mean {near}?")
        {
            Expected = near,
        };
    }

    private static string Found(string? text) => string.IsNullOrEmpty(text) ? "nothing" : Cut(text);

    private static string Cut(string text) => text.Length <= FoundLengthMax ? text : text[..FoundLengthMax] + "…";
}

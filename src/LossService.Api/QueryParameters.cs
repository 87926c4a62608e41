using System.Text;
using LossService.Engine;
using LossService.Engine.Cards;
using LossService.Wire;
using Microsoft.Extensions.Primitives;

namespace LossService.Api;

/// <summary>Reads parameters from a query string, such as <c>?reduction=sum&amp;dtype=float64</c>, by the card's names.
/// <c>gradients</c> is a list with commas; tensors never stand there.</summary>
internal static class QueryParameters
{
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

        string text = values[0] ?? "";
        if (place < 0)
        {
            GivenParameters.SetGradients(request, Encoding.UTF8.GetBytes(text), $"?{name}");
            return;
        }

        GivenParameters.SetText(request, place, text, $"?{name}");
        request.GivenInQuery |= request.IsGiven(place) ? 1UL << place : 0;
    }

    private static Mistake Unknown(string name, LossCard card)
    {
        string pointer = $"?{ParameterRange.Cut(name)}";
        if (card.PlaceOfInput(name) >= 0)
        {
            return new(pointer, Codes.UnknownMember, "this member stands in the body, not in the query");
        }

        return MemberNames.Unknown(pointer, card.Name, MemberNames.MeantParameter(card, name));
    }
}

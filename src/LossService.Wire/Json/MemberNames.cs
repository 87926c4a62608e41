using System.Text;
using LossService.Engine;
using LossService.Engine.Cards;

namespace LossService.Wire.Json;

/// <summary>Finds members by their UTF-8 names without making strings of them, and guesses what was meant.</summary>
internal static class MemberNames
{
    /// <summary>What is wrong with a member that stands in its object twice.</summary>
    public const string TwiceDetail = "the member stands there twice";

    private const int LengthMax = 64;

    /// <summary>The input's place on the card, or -1.</summary>
    public static int PlaceOfInput(LossCard card, ReadOnlySpan<byte> name)
    {
        int count = card.Inputs.Count + Common.Tensors.Count;
        for (int place = 0; place < count; place++)
        {
            if (Ascii.Equals(name, card.InputAt(place).Name))
            {
                return place;
            }
        }

        return -1;
    }

    /// <summary>The parameter's place on the card, or -1.</summary>
    public static int PlaceOfParameter(LossCard card, ReadOnlySpan<byte> name)
    {
        int count = card.Parameters.Count + Common.Parameters.Count;
        for (int place = 0; place < count; place++)
        {
            if (Ascii.Equals(name, card.ParameterAt(place).Name))
            {
                return place;
            }
        }

        return -1;
    }

    /// <summary>The member of a card that a name was probably meant to be, or null.</summary>
    public static string? Nearest(LossCard card, ReadOnlySpan<byte> name)
    {
        string? best = null;
        int least = int.MaxValue;
        for (int place = 0; place < card.Inputs.Count + Common.Tensors.Count; place++)
        {
            Consider(card.InputAt(place).Name, name, ref best, ref least);
        }

        for (int place = 0; place < card.Parameters.Count + Common.Parameters.Count; place++)
        {
            Consider(card.ParameterAt(place).Name, name, ref best, ref least);
        }

        Consider(Common.GradientsName, name, ref best, ref least);
        return best;
    }

    /// <summary>The candidate that a name was probably meant to be, or null.</summary>
    public static string? Nearest(ReadOnlySpan<string> candidates, ReadOnlySpan<byte> name)
    {
        string? best = null;
        int least = int.MaxValue;
        foreach (string candidate in candidates)
        {
            Consider(candidate, name, ref best, ref least);
        }

        return best;
    }

    /// <summary>A JSON Pointer (RFC 6901) to a member whose name the caller chose: escaped, and cut to 64
    /// characters.</summary>
    /// <param name="parent">The pointer to the object that holds it.</param>
    /// <param name="name">Valid UTF-8.</param>
    /// <param name="isCut">True when the name was longer.</param>
    public static string Pointer(string parent, ReadOnlySpan<byte> name, out bool isCut)
    {
        string text = Encoding.UTF8.GetString(name);
        isCut = text.Length > LengthMax;
        if (isCut)
        {
            text = text[..(char.IsHighSurrogate(text[LengthMax - 1]) ? LengthMax - 1 : LengthMax)];
        }

        string escaped = text.Replace("~", "~0", StringComparison.Ordinal).Replace("/", "~1", StringComparison.Ordinal);
        return $"{parent}/{escaped}";
    }

    /// <summary>Adds the mistake of a member that nobody knows; a second one of the same name is a duplicate.</summary>
    /// <param name="mistakes">The list.</param>
    /// <param name="parent">The pointer to the object that holds it.</param>
    /// <param name="name">Valid UTF-8.</param>
    /// <param name="card">The card whose names may have been meant; null for <paramref name="words"/>.</param>
    /// <param name="words">Other names that may have been meant.</param>
    public static void RefuseUnknown(
        Mistakes mistakes, string parent, ReadOnlySpan<byte> name, LossCard? card, ReadOnlySpan<string> words)
    {
        // A body of nothing but unknown members costs little once the list is full.
        if (mistakes.Truncated)
        {
            return;
        }

        string pointer = Pointer(parent, name, out bool isCut);
        if (mistakes.Has(pointer, Codes.UnknownMember))
        {
            if (!isCut)
            {
                mistakes.Add(new(pointer, Codes.DuplicateMember, TwiceDetail));
            }

            return;
        }

        string? suggestion = card is null ? Nearest(words, name) : Nearest(card, name);
        string question = suggestion is null ? "" : $"; did you mean {suggestion}?";
        string owner = card?.Name ?? "a tensor";
        mistakes.Add(new(pointer, Codes.UnknownMember, $"{owner} has no member of this name{question}")
        {
            Expected = suggestion,
        });
    }

    // A guess may differ in a third of its letters: "target" is targets, "prediction" is not probabilities.
    private static void Consider(string candidate, ReadOnlySpan<byte> name, ref string? best, ref int least)
    {
        if (name.Length > LengthMax || candidate.Length > LengthMax)
        {
            return;
        }

        int distance = Distance(candidate, name);
        if (distance < least && 3 * distance <= candidate.Length + 1)
        {
            best = candidate;
            least = distance;
        }
    }

    // Levenshtein's distance, one row at a time.
    private static int Distance(string left, ReadOnlySpan<byte> right)
    {
        Span<int> row = stackalloc int[LengthMax + 1];
        for (int column = 0; column <= right.Length; column++)
        {
            row[column] = column;
        }

        for (int line = 1; line <= left.Length; line++)
        {
            int diagonal = row[0];
            row[0] = line;
            for (int column = 1; column <= right.Length; column++)
            {
                int change = diagonal + (left[line - 1] == right[column - 1] ? 0 : 1);
                diagonal = row[column];
                row[column] = Math.Min(change, 1 + Math.Min(row[column], row[column - 1]));
            }
        }

        return row[right.Length];
    }
}

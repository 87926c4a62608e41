using System.Text;
using LossService.Engine;
using LossService.Engine.Cards;

namespace LossService.Wire;

/// <summary>Finds members by their UTF-8 names without making strings of them, and guesses what was meant.</summary>
public static class MemberNames
{
    /// <summary>What is wrong with a member that stands in its object twice.</summary>
    internal const string TwiceDetail = "the member stands there twice";

    private const int LengthMax = 64;

    /// <summary>The input's place on the card, or -1.</summary>
    internal static int PlaceOfInput(LossCard card, ReadOnlySpan<byte> name)
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
    internal static int PlaceOfParameter(LossCard card, ReadOnlySpan<byte> name)
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

    /// <summary>A JSON Pointer (RFC 6901) to a member whose name the caller chose: escaped, and cut to 64
    /// characters.</summary>
    /// <param name="parent">The pointer to the object that holds it.</param>
    /// <param name="name">Valid UTF-8.</param>
    /// <param name="isCut">True when the name was longer.</param>
    internal static string Pointer(string parent, ReadOnlySpan<byte> name, out bool isCut)
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

    /// <summary>Adds the mistake of a member that the request does not have; a second one of the same name is a
    /// duplicate.</summary>
    /// <param name="mistakes">The list.</param>
    /// <param name="parent">The pointer to the object that holds it.</param>
    /// <param name="name">Valid UTF-8.</param>
    /// <param name="card">The card of the loss.</param>
    internal static void RefuseUnknown(Mistakes mistakes, string parent, ReadOnlySpan<byte> name, LossCard card) =>
        RefuseUnknown(mistakes, parent, name, card.Name, word => Meant(card, word));

    /// <summary>The same where no tensors may stand.</summary>
    internal static void RefuseUnknownParameter(
        Mistakes mistakes, string parent, ReadOnlySpan<byte> name, LossCard card) =>
        RefuseUnknown(mistakes, parent, name, card.Name, word => MeantParameter(card, word));

    /// <summary>The same for a member of a tensor, which has these.</summary>
    internal static void RefuseUnknown(Mistakes mistakes, string parent, ReadOnlySpan<byte> name, string[] words) =>
        RefuseUnknown(mistakes, parent, name, "a tensor", word => Spelling.Nearest(words, word));

    /// <summary>The mistake of a member that nobody knows.</summary>
    /// <param name="pointer">Where it stands.</param>
    /// <param name="owner">What has no such member, in words.</param>
    /// <param name="meant">The member that was probably meant, or null.</param>
    public static Mistake Unknown(string pointer, string owner, string? meant)
    {
        string question = meant is null ? "" : $"; did you mean {meant}?";
        return new(pointer, Codes.UnknownMember, $"{owner} has no member of this name{question}") { Expected = meant };
    }

    /// <summary>The member that is no tensor and that a name was probably meant to be, or null.</summary>
    public static string? MeantParameter(LossCard card, string name)
    {
        ArgumentNullException.ThrowIfNull(card);
        return Spelling.Nearest(ParameterNames(card), name);
    }

    private static string? Meant(LossCard card, string name) =>
        OtherNames.Meant(card, name)
        ?? Spelling.Nearest(
            card.Inputs.Concat(Common.Tensors).Select(input => input.Name).Concat(ParameterNames(card)), name);

    private static void RefuseUnknown(
        Mistakes mistakes, string parent, ReadOnlySpan<byte> name, string owner, Func<string, string?> guess)
    {
        // A body of nothing but unknown members costs little once the list is full.
        if (mistakes.Truncated)
        {
            return;
        }

        string pointer = Pointer(parent, name, out bool isCut);
        if (!mistakes.Has(pointer, Codes.UnknownMember))
        {
            mistakes.Add(Unknown(pointer, owner, isCut ? null : guess(Encoding.UTF8.GetString(name))));
        }
        else if (!isCut)
        {
            mistakes.Add(new(pointer, Codes.DuplicateMember, TwiceDetail));
        }
    }

    private static IEnumerable<string> ParameterNames(LossCard card) =>
        card.Parameters.Concat(Common.Parameters).Select(parameter => parameter.Name).Append(Common.GradientsName);
}

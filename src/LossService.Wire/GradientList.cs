using System.Text;
using LossService.Engine;
using LossService.Engine.Cards;

namespace LossService.Wire;

/// <summary>The inputs to differentiate, as a caller lists them: each once, and each a name of the card that has a
/// gradient. Every name that is wrong is told, by its place in the list.</summary>
/// <param name="request">The request.</param>
/// <param name="pointer">Where the list stands.</param>
internal struct GradientList(LossRequest request, string pointer)
{
    private ulong _gradients;
    private int _count;

    /// <summary>Takes the next name.</summary>
    /// <param name="name">UTF-8.</param>
    public void Add(ReadOnlySpan<byte> name)
    {
        LossCard card = request.Card;
        int element = _count++;
        int place = MemberNames.PlaceOfInput(card, name);
        bool hasGradient =
            place >= 0 && place < card.Inputs.Count && card.Inputs[place].Gradient != GradientRule.Never;
        ulong bit = hasGradient ? 1UL << place : 0;
        bool isSecond = (_gradients & bit) != 0;
        _gradients |= bit;
        if (hasGradient && !isSecond)
        {
            return;
        }

        // A list of nothing but wrong names costs little once there are more mistakes than an answer lists.
        if (request.Mistakes.Truncated)
        {
            return;
        }

        string names = ParameterRange.Listed(
            card.Inputs.Where(one => one.Gradient != GradientRule.Never).Select(one => one.Name));
        string found = ParameterRange.Found(Encoding.UTF8.GetString(name));
        Refuse(element, isSecond ? Codes.OptionConflict : Codes.GradientNotAvailable,
            isSecond ? "each input once" : names, isSecond ? $"{found} again" : found);
    }

    /// <summary>Takes an element that is no name.</summary>
    /// <param name="kind">What it is, in words.</param>
    public void AddOther(string kind)
    {
        int element = _count++;
        if (!request.Mistakes.Truncated)
        {
            Refuse(element, Codes.WrongType, "an input's name", kind);
        }
    }

    /// <summary>Ends the list and sets it.</summary>
    public readonly void Complete()
    {
        if (request.Gradients is { } given && given != _gradients)
        {
            request.Mistakes.Add(GivenParameters.Conflict(pointer));
            return;
        }

        request.Gradients = _gradients;
        request.GradientsPointer = pointer;
    }

    private readonly void Refuse(int element, string code, string expected, string found) =>
        request.Mistakes.Add(new($"{pointer}/{element}", code, $"expected {expected}, found {found}")
        {
            Expected = expected,
            Found = found,
        });
}

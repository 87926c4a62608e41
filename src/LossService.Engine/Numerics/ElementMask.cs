using LossService.Engine.Cards;

namespace LossService.Engine.Numerics;

/// <summary>Which elements nobody looks at: those of masked items, of places whose label is ignored, and
/// padding.</summary>
internal static class ElementMask
{
    private const int Corners = 4; // of a box

    /// <summary>True when the item that an element belongs to is masked, or its label ignored.</summary>
    public static bool Hides(LossRequest request, int place, Shape shape, int offset)
    {
        if (HasOwnMask(request, place, shape, offset) || IsPadding(request, place, shape, offset))
        {
            return true;
        }

        if (request.Solution is not { } solution)
        {
            return false;
        }

        return (ItemOf(solution, request.Card, place, shape, offset) is { } item
                && IsMasked(request, solution.Items, item, StepsOf(solution, request.Card, place, shape)))
            || (request.Card.InputAt(place).Name != Common.WeightName && IsIgnored(request, solution, shape, offset));
    }

    // An input of flags that a card has itself says which elements count, rather than which items.
    private static bool HasOwnMask(LossRequest request, int place, Shape shape, int offset)
    {
        string? name = request.Card.InputAt(place).MaskedBy;
        for (int other = 0; other < request.Card.Inputs.Count; other++)
        {
            Input input = request.Card.Inputs[other];
            if (input.IsFlag && (name is null || input.Name == name)
                && request.Tensor(other) is { } flags && flags.Shape == shape && flags.Flag[offset] == 0)
            {
                return true;
            }
        }

        return false;
    }

    private static bool IsPadding(LossRequest request, int place, Shape shape, int offset)
    {
        if (request.Card.InputAt(place).CountedBy is not { } name || shape.Rank == 0
            || request.Solution?.Form(place) is { Packed: true }
            || request.LabelTensor(request.Card.PlaceOfInput(name)) is not { } lengths
            || lengths.Shape.Rank + 1 != shape.Rank)
        {
            return false;
        }

        int row = offset / shape[shape.Rank - 1];
        return row < lengths.Label.Length && offset % shape[shape.Rank - 1] >= lengths.Label[row];
    }

    // Labels name an element's place: they have its shape, or all its axes but that of the classes.
    private static bool IsIgnored(LossRequest request, Solution solution, Shape shape, int offset)
    {
        if (request.Card.IgnoreIndex is not { } ignore)
        {
            return false;
        }

        for (int other = 0; other < request.Card.Inputs.Count; other++)
        {
            if (solution.Form(other) is { Kind: InputKind.Label } && request.LabelTensor(other) is { } labels
                && PlaceOf(labels.Shape, shape, offset) is { } at && labels.Label[at] == request[ignore])
            {
                return true;
            }
        }

        return false;
    }

    private static int? PlaceOf(Shape labels, Shape shape, int offset)
    {
        if (labels == shape)
        {
            return offset;
        }

        if (labels.Rank + 1 != shape.Rank)
        {
            return null;
        }

        return labels.Rank == 0 ? 0 : WithoutClass(shape, offset);
    }

    // Where an element of (N, C, d1, ...) stands in (N, d1, ...).
    private static int WithoutClass(Shape shape, int offset)
    {
        int inner = shape.From(2).Elements;
        return (offset / inner / shape[1] * inner) + (offset % inner);
    }

    // A label of (N, d1, ...) with items (N, C, d1, ...) is masked when the items of all its classes are, a corner with
    // items (N, 4) when those of its whole box are, what several items share when all of them are.
    private static bool IsMasked(LossRequest request, Shape items, int item, (int Count, int Step) steps)
    {
        if (request.Tensor(request.Card.Inputs.Count + 1) is not { } mask)
        {
            return false;
        }

        var at = Families.Broadcast.Of(mask, items);
        bool masked = true;
        for (int step = 0; step < steps.Count; step++)
        {
            masked &= mask.Flag[at.At(item + (step * steps.Step))] == 0;
        }

        return masked;
    }

    private static (int Count, int Step) StepsOf(Solution solution, LossCard card, int place, Shape shape)
    {
        Shape items = solution.Items;
        return shape.Rank + 1 == items.Rank && !IsShared(solution, card, place) ? (items[1], items.From(2).Elements)
            : IsCorner(card, place) && shape == items ? (Corners, 1)
            : IsShared(solution, card, place) ? (items.Elements / shape.Elements, 1)
            : (1, 0);
    }

    private static bool IsCorner(LossCard card, int place) => card.InputAt(place).Domain.IsBox;

    private static bool IsShared(Solution solution, LossCard card, int place) =>
        place < card.Inputs.Count && solution.Form(place) is { IsShared: true };

    // An element of (N, C, d1, ...) belongs to the item (N, d1, ...), or where there is one item a sample to that; one
    // of the items' own shape to itself; one of a vector over samples to no single item.
    private static int? ItemOf(Solution solution, LossCard card, int place, Shape shape, int offset)
    {
        Input input = card.InputAt(place);
        Shape items = solution.Items;
        if (solution.Lists is { } lists && place < card.Inputs.Count)
        {
            return input.Groups == Grouping.None ? lists.ListOf(offset) : null;
        }

        if (solution.Packed is { } rows && place < card.Inputs.Count && solution.Form(place)!.Packed)
        {
            return rows.ListOf(offset);
        }

        if (IsShared(solution, card, place))
        {
            return offset * (items.Elements / shape.Elements);
        }

        if (shape == items)
        {
            return IsCorner(card, place) ? offset / Corners * Corners : offset;
        }

        if (shape.Rank + 1 == items.Rank && input.MayBeLabel)
        {
            int step = items.From(2).Elements;
            return (offset / step * step * items[1]) + (offset % step); // the item of the label's first class
        }

        if (shape.Rank <= items.Rank || input.Name == Common.WeightName)
        {
            return null;
        }

        if (items.Rank == 0)
        {
            return 0;
        }

        if (items.Rank == 1)
        {
            return shape[0] == items[0] ? offset / shape.From(1).Elements : null;
        }

        return shape.Rank == items.Rank + 1 ? WithoutClass(shape, offset) : null;
    }
}

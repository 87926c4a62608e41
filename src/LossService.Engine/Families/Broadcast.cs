using LossService.Engine.Numerics;

namespace LossService.Engine.Families;

/// <summary>Which element of a smaller tensor belongs to an item: (item / Divide) mod Modulo.</summary>
internal readonly record struct Broadcast(int Divide, int Modulo)
{
    /// <summary>A tensor with an element per class: the second axis of the items, or the only one.</summary>
    public static Broadcast OfClasses(int classes, Shape items)
    {
        int inner = 1;
        for (int axis = 2; axis < items.Rank; axis++)
        {
            inner *= items[axis];
        }

        return new(inner, classes);
    }

    /// <summary>A tensor with an element per item, per sample or place of the first axes, or one for all.</summary>
    public static Broadcast Of(Tensor? tensor, in Shape items) =>
        tensor is null ? new(1, int.MaxValue) : Of(tensor.Shape.Elements, items.Elements);

    private static Broadcast Of(int elements, int items)
    {
        if (elements == items)
        {
            return new(1, int.MaxValue);
        }

        if (elements == 1)
        {
            return new(1, 1);
        }

        return new(items == 0 ? 1 : items / elements, int.MaxValue);
    }

    /// <summary>True where an item's element stands at the item's own place.</summary>
    public bool IsEachItsOwn => Divide == 1 && Modulo == int.MaxValue;

    /// <summary>True where all items have the same element.</summary>
    public bool IsOneForAll => Modulo == 1;

    public int At(int item) => IsEachItsOwn ? item : item / Divide % Modulo;

    /// <summary>The elements of the items from <paramref name="start"/> on.</summary>
    public void Gather<T>(ReadOnlySpan<T> elements, int start, Span<T> items)
    {
        int at = At(start);
        int step = start % Divide;
        for (int i = 0; i < items.Length; i++)
        {
            items[i] = elements[at];
            if (++step == Divide)
            {
                step = 0;
                at = at + 1 == Modulo ? 0 : at + 1;
            }
        }
    }
}

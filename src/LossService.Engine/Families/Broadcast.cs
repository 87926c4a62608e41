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

    /// <summary>A tensor with an element per item, per sample (first axis), or one for all.</summary>
    public static Broadcast Of(Shape? shape, Shape items)
    {
        if (shape is not { } small || small.Elements == items.Elements)
        {
            return new(1, int.MaxValue);
        }

        if (small.Elements == 1)
        {
            return new(1, 1);
        }

        return new(items[0] == 0 ? 1 : items.Elements / items[0], int.MaxValue);
    }

    public int At(int item) => item / Divide % Modulo;
}

using LossService.Engine.Cards;

namespace LossService.Conformance.Agreement;

/// <summary>The corners of boxes, which are drawn one by one.</summary>
internal static class BoxCorners
{
    /// <summary>Puts x1, y1 before x2, y2 in every row of an input that holds boxes.</summary>
    public static void Order(Input input, double[] values)
    {
        for (int first = 0; input.Domain.IsBox && first < values.Length; first++)
        {
            int second = first + 2;
            if (first % 4 < 2 && values[first] > values[second])
            {
                (values[first], values[second]) = (values[second], values[first]);
            }
        }
    }
}

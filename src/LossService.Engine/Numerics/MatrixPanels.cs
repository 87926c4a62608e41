using LossService.Engine.Lanes;

namespace LossService.Engine.Numerics;

/// <summary>A side of a matrix product rearranged for the registers: a panel is some vectors side by side, and for each
/// step of the depth it holds one number of each of them, one step after the other.</summary>
/// <remarks>The depth is cut into parts of <see cref="DepthMax"/>, so that a panel stays in the first cache; a part of all
/// vectors comes before the next part. Places beyond the last vector hold zeros.</remarks>
internal static class MatrixPanels
{
    /// <summary>The longest part of the depth: an element's sum is taken part by part, and the parts are added in
    /// order. The answer's bits hang on it.</summary>
    public const int DepthMax = 128;

    /// <summary>How many numbers the panels of <paramref name="count"/> vectors take.</summary>
    public static long Length(int count, int width, int depth) => (long)PanelsOf(count, width) * width * depth;

    /// <summary>How many panels there are.</summary>
    public static int PanelsOf(int count, int width) => (count + width - 1) / width;

    /// <summary>Rearranges some vectors of a side, over one part of their depth.</summary>
    /// <param name="side">The side.</param>
    /// <param name="first">The first vector.</param>
    /// <param name="count">How many vectors.</param>
    /// <param name="start">Where the part of the depth begins.</param>
    /// <param name="depth">How long it is.</param>
    /// <param name="width">How many vectors stand side by side.</param>
    /// <param name="to">Room for the panels.</param>
    public static void Pack<T>(
        in MatrixSide side, int first, int count, int start, int depth, int width, Span<T> to)
        where T : unmanaged
    {
        ReadOnlySpan<T> numbers = side.Numbers.Values<T>();
        for (int done = 0; done < count; done += width)
        {
            int some = Math.Min(width, count - done);
            Span<T> panel = to.Slice(done * depth, width * depth);
            if (some < width)
            {
                panel.Clear();
            }

            if (side.AreColumns)
            {
                CopyRows(numbers[((start * side.Count) + first + done)..], side.Count, some, depth, panel, width);
            }
            else
            {
                Transposed.Copy(
                    numbers[(((first + done) * side.Depth) + start)..], side.Depth, some, depth, panel, width);
            }
        }
    }

    private static void CopyRows<T>(
        ReadOnlySpan<T> from, int stride, int count, int depth, Span<T> panel, int width)
    {
        for (int k = 0; k < depth; k++)
        {
            from.Slice(k * stride, count).CopyTo(panel[(k * width)..]);
        }
    }
}

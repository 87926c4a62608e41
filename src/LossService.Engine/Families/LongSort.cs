namespace LossService.Engine.Families;

/// <summary>Sorts piece by piece and merges the pieces, polling all the while: one call of the runtime's sort may take
/// seconds, in which nobody could pass and a caller who left would go unnoticed.</summary>
internal static class LongSort
{
    private const int Piece = 2 * Driver.BlockItems; // some tenths of a millisecond

    /// <summary>How much room the sort of so many items needs: none where they are one piece.</summary>
    public static int RoomFor(int items) => items <= Piece ? 0 : items;

    /// <summary>Sorts <paramref name="items"/>, of which no two are equal unless nobody can tell them apart.</summary>
    /// <param name="items">What is sorted.</param>
    /// <param name="room">At least <see cref="RoomFor"/> items; holds anything afterwards.</param>
    /// <param name="workshop">Is polled.</param>
    public static void Run<T>(Span<T> items, Span<T> room, Workshop workshop) where T : unmanaged, IComparable<T>
    {
        for (int start = 0; start < items.Length; start += Piece)
        {
            if (start > 0)
            {
                workshop.Poll();
            }

            items[start..Math.Min(items.Length, start + Piece)].Sort();
        }

        Span<T> from = items;
        Span<T> to = room;
        for (int length = Piece; length < items.Length; length *= 2)
        {
            for (int start = 0; start < items.Length; start += 2 * length)
            {
                int middle = Math.Min(items.Length, start + length);
                int end = Math.Min(items.Length, middle + length);
                Merge(from[start..middle], from[middle..end], to[start..end], workshop);
            }

            Span<T> merged = to;
            to = from;
            from = merged;
        }

        if (from != items)
        {
            from[..items.Length].CopyTo(items);
        }
    }

    private static void Merge<T>(ReadOnlySpan<T> first, ReadOnlySpan<T> second, Span<T> to, Workshop workshop)
        where T : IComparable<T>
    {
        int a = 0;
        int b = 0;
        for (int i = 0; i < to.Length; i++)
        {
            if (i % Piece == 0)
            {
                workshop.Poll();
            }

            bool takesFirst = b == second.Length || (a < first.Length && first[a].CompareTo(second[b]) <= 0);
            to[i] = takesFirst ? first[a++] : second[b++];
        }
    }
}

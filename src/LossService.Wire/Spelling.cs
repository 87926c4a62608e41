namespace LossService.Wire;

/// <summary>Guesses which name was meant.</summary>
public static class Spelling
{
    private const int LengthMax = 64;

    /// <summary>The names closest to a word, closest first: those that it is but for capitals, underscores and a "loss"
    /// at the end, those it is part of, and those within a third of its letters. At most three.</summary>
    public static IEnumerable<string> Near(IEnumerable<string> names, string word)
    {
        ArgumentNullException.ThrowIfNull(word);
        return Closest(names, word, DistanceOf).Take(3);
    }

    /// <summary>The name that a word was probably meant to be, within a third of its letters, or null.</summary>
    internal static string? Nearest(IEnumerable<string> names, string word) =>
        Closest(names, word, Levenshtein).FirstOrDefault();

    private static IEnumerable<string> Closest(
        IEnumerable<string> names, string word, Func<string, string, int> distanceOf) =>
        word.Length is 0 or > LengthMax
            ? []
            : names.Select(name => (Name: name, Distance: distanceOf(name, word)))
                .Where(guess => 3 * guess.Distance <= word.Length + 1)
                .OrderBy(guess => guess.Distance)
                .Select(guess => guess.Name)
                .Distinct();

    // Words of a name, such as "l1" of one that begins with it, count as none; part of one as one slip.
    private static int DistanceOf(string name, string word) =>
        Bare(name) == Bare(word) ? -1
        : name.StartsWith(word + "_", StringComparison.OrdinalIgnoreCase) ? 0
        : word.Length > 2 && name.Contains(word, StringComparison.OrdinalIgnoreCase)
            ? Math.Min(1, name.Length - word.Length)
            : Levenshtein(name, word);

    // MSELoss, mse_loss and mse are one name.
    private static string Bare(string name)
    {
        const string Ending = "loss";
        string bare = name.Replace("_", "", StringComparison.Ordinal).ToLowerInvariant();
        return bare.EndsWith(Ending, StringComparison.Ordinal) ? bare[..^Ending.Length] : bare;
    }

    // One row of the table of distances at a time; names are written in small letters.
    private static int Levenshtein(string left, string right)
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
                int change = diagonal + (char.ToLowerInvariant(right[column - 1]) == left[line - 1] ? 0 : 1);
                diagonal = row[column];
                row[column] = Math.Min(change, 1 + Math.Min(row[column], row[column - 1]));
            }
        }

        return row[right.Length];
    }
}

using LossService.Engine.Cards;

namespace LossService.Conformance.Agreement;

/// <summary>Rows of places, which are drawn row by row: different samples in each.</summary>
internal static class PlaceTuples
{
    /// <summary>How many rows to draw of a form: some, but none where there are too few samples for a row.</summary>
    public static int Rows(InputForm form, int samples, Random random) =>
        samples < Width(form) ? 0 : random.Next((2 * samples) + 1);

    /// <summary>Draws every row of an input that holds places.</summary>
    public static void Fill(InputForm form, double[] values, int samples, Random random)
    {
        for (int row = 0; form.Kind == InputKind.Place && row < values.Length; row += Width(form))
        {
            int[] places = [.. Enumerable.Range(0, samples)];
            random.Shuffle(places);
            for (int i = 0; i < Width(form); i++)
            {
                values[row + i] = places[i];
            }
        }
    }

    /// <summary>Makes labels that only tell samples apart labels of classes, where the request says how many there
    /// are.</summary>
    public static void Name(InputForm form, double[] labels, IReadOnlyDictionary<string, int> lengths)
    {
        int count = form.Domain == Domain.Identity ? lengths.GetValueOrDefault(form.Classes ?? "") : 0;
        for (int i = 0; count > 0 && i < labels.Length; i++)
        {
            labels[i] = (labels[i] + count) % count;
        }
    }

    private static int Width(InputForm form) => form.Pattern.Symbols[1][0] - '0';
}

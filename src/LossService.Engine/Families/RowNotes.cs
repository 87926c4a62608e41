namespace LossService.Engine.Families;

/// <summary>The notes that losses over rows of classes share.</summary>
internal static class RowNotes
{
    public static void Add(LossResult result, int undefined, int unnormalized)
    {
        if (undefined > 0)
        {
            result.Notes.Add(new("undefined_softmax",
                "Rows with two infinite scores, or with none above -Infinity, have no softmax: their numbers are NaN.")
            {
                Count = undefined,
            });
        }

        if (unnormalized > 0)
        {
            result.Notes.Add(new("not_normalized",
                "Rows of probabilities do not sum to 1; the formula was taken as written.")
            { Count = unnormalized });
        }
    }
}

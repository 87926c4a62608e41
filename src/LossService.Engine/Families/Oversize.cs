namespace LossService.Engine.Families;

/// <summary>What a small request could ask to be made large: tensors that are longer than any that it sends.</summary>
internal static class Oversize
{
    // As many elements as a tensor of a request may hold by default.
    private const long ElementsMax = 1 << 24;

    /// <summary>True where there are too many elements, which is then the request's mistake.</summary>
    public static bool Refuses(LossRequest request, string pointer, string what, long elements)
    {
        if (elements <= ElementsMax)
        {
            return false;
        }

        request.Mistakes.Add(new(
            pointer, Codes.LimitExceeded,
            FormattableString.Invariant($"expected at most {ElementsMax} {what}, found {elements}"))
        {
            Expected = FormattableString.Invariant($"at most {ElementsMax} {what}"),
            Found = FormattableString.Invariant($"{elements}"),
            Limit = "elements",
        });
        return true;
    }
}

namespace LossService.Engine.Families;

/// <summary>What a small request could ask to be made large: tensors that are longer than any that it sends.</summary>
public static class Oversize
{
    /// <summary>The most elements of a tensor that a request only causes: as many as it may send in one by
    /// default.</summary>
    public const int ElementsMax = 1 << 24;

    /// <summary>The name of that limit.</summary>
    public const string Limit = "formed_elements";

    /// <summary>True where there are too many elements, which is then the request's mistake.</summary>
    internal static bool Refuses(LossRequest request, string pointer, string what, long elements)
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
            Limit = Limit,
        });
        return true;
    }
}

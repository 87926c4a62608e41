namespace LossService.Engine;

/// <summary>Every loss, one line each.</summary>
public static class Catalogue
{
    /// <summary>The losses in the order in which surfaces list them.</summary>
    public static IReadOnlyList<Loss> All { get; } =
    [
    ];
}

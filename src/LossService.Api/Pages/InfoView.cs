using LossService.Wire;

namespace LossService.Api.Pages;

/// <summary>What this instance is and what it takes.</summary>
/// <param name="Name">The service's name.</param>
/// <param name="Version">Its version.</param>
/// <param name="Commit">The commit it was built from; absent when it was built outside a repository.</param>
/// <param name="Losses">How many losses the catalogue has.</param>
/// <param name="Dtypes">The precisions it computes in.</param>
/// <param name="Formats">The media types of bodies and answers.</param>
/// <param name="Limits">Everything it refuses to exceed.</param>
public sealed record InfoView(
    string Name, string Version, string? Commit, int Losses, IReadOnlyList<string> Dtypes,
    IReadOnlyList<string> Formats,
    IReadOnlyList<Limit> Limits);

/// <summary>A problem code explained.</summary>
/// <param name="Type">This page.</param>
/// <param name="Code">The stable name.</param>
/// <param name="Title">The code in words.</param>
/// <param name="Status">The HTTP status it usually comes with.</param>
/// <param name="Meaning">What was wrong.</param>
/// <param name="Remedy">What to do about it.</param>
public sealed record ProblemKindView(string Type, string Code, string Title, int Status, string Meaning, string Remedy)
{
    internal static ProblemKindView Of(ProblemKind kind) =>
        new(kind.Type, kind.Code, kind.Title, kind.Status, kind.Meaning, kind.Remedy);
}

/// <summary>How a health probe went.</summary>
/// <param name="Status">live or ready.</param>
public sealed record StatusView(string Status);

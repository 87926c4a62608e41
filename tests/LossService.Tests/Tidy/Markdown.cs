using System.Text.RegularExpressions;

namespace LossService.Tests.Tidy;

/// <summary>What tests read out of the house's pages.</summary>
internal static partial class Markdown
{
    /// <summary>Every page that people read, from the root.</summary>
    public static IEnumerable<string> Pages => House.Files.Where(file => file.EndsWith(".md", StringComparison.Ordinal));

    /// <summary>The fenced blocks of a page in their order: the language behind the fence, and the text.</summary>
    public static IReadOnlyList<(string Language, string Text)> Blocks(string page) =>
        [.. Fence().Matches(page).Select(block => (block.Groups[1].Value, block.Groups[2].Value))];

    /// <summary>Where the links of a page lead that stay in the house.</summary>
    public static IEnumerable<string> Links(string page) =>
        Link().Matches(page).Select(link => link.Groups[1].Value).Where(link => !link.Contains("://", StringComparison.Ordinal));

    /// <summary>Everything in backticks.</summary>
    public static IEnumerable<string> Quoted(string page) =>
        Backticks().Matches(Fence().Replace(page, "")).Select(quoted => quoted.Groups[1].Value);

    [GeneratedRegex(@"^```(\w*)\n(.*?)^```$", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Fence();

    [GeneratedRegex(@"\]\(([^)#]+)[^)]*\)")]
    private static partial Regex Link();

    [GeneratedRegex("`([^`\n]+)`")]
    private static partial Regex Backticks();
}

using System.Text;
using System.Text.RegularExpressions;

namespace LossService.Benchmarks.Harness;

/// <summary>The results file of this processor: one section a part, each with its own date and commit, so that a part can
/// be run alone.</summary>
internal static partial class Report
{
    private static readonly string[] Order =
    [
        "Kernels", "Pieces of kernels", "Digits", "Server", "Cost as work grows", "Start-up", "Shutdown", "Overload", "Soak",
        "Memory after a large request", "Clients that leave", "Clients kept apart", "Changed bodies", "Changed requests", "HTTP abuse",
        "Every float there is",
    ];

    private const string Missed = "Targets that are missed";

    private static string Folder => Path.Combine(Machine.Repository, "tests", "LossService.Benchmarks", "results");

    /// <summary>The results file.</summary>
    public static string File { get; } = Path.Combine(Folder, $"{Machine.Slug}.md");

    /// <summary>Written by hand: why targets are missed on this processor. A run takes it over as the last
    /// section.</summary>
    private static string ReasonsFile => Path.Combine(Folder, $"{Machine.Slug}.reasons.md");

    /// <summary>Where a plot of this processor goes.</summary>
    public static string PlotFile(string name) => Path.Combine(Folder, $"{Machine.Slug}-{name}.svg");

    /// <summary>Replaces one section and keeps the others.</summary>
    public static void Write(string title, string body)
    {
        Directory.CreateDirectory(Folder);
        Dictionary<string, string> sections = Read();
        sections[title] = $"{Machine.Provenance()}\n\n{body.Trim()}";
        var text = new StringBuilder($"# {Machine.Processor}\n\n");
        foreach (string fact in Machine.Facts())
        {
            text.Append($"- {fact}\n");
        }

        text.Append("\nWritten by `dotnet run -c Release --project tests/LossService.Benchmarks`; how to read it: ")
            .Append("[README](../README.md). Only ratios count.\n");
        // A section that nobody gave a place keeps its own, behind the others.
        sections.Remove(Missed);
        foreach (string one in Order.Where(sections.ContainsKey).Concat(sections.Keys.Except(Order)))
        {
            text.Append($"\n## {one}\n\n{sections[one]}\n");
        }

        if (System.IO.File.Exists(ReasonsFile))
        {
            text.Append($"\n## {Missed}\n\n").Append(System.IO.File.ReadAllText(ReasonsFile));
        }

        System.IO.File.WriteAllText(File, text.ToString());
    }

    private static Dictionary<string, string> Read()
    {
        if (!System.IO.File.Exists(File))
        {
            return [];
        }

        return Heading().Split(System.IO.File.ReadAllText(File).ReplaceLineEndings("\n")).Skip(1).Chunk(2)
            .ToDictionary(section => section[0].Trim(), section => section[1].Trim());
    }

    [GeneratedRegex("^## (.*)$", RegexOptions.Multiline)]
    private static partial Regex Heading();
}

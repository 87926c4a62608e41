using System.Text.RegularExpressions;
using LossService.Engine;
using LossService.Engine.Cards;
using Xunit;

namespace LossService.Tests.Tidy;

/// <summary>The house's rules about its own code: who may know whom, where things stand, how long they are.</summary>
public sealed partial class SourceTests
{
    private const int FileLinesMax = 300;
    private const int TestFileLinesMax = 400; // a list of cases may run on
    private const int LineMax = 120;
    private const int FunctionLinesMax = 70;

    // Longer than the rule, each with its reason. An entry that is no longer needed fails the test.
    private static readonly Dictionary<string, string> LongFiles = [];

    // Words of the contract that are also a loss's name, where they mean something else.
    private static readonly Dictionary<(string File, string Word), string> OtherMeanings = new()
    {
        [("src/LossService.Engine/Families/Distance.cs", "l2")] = "a distance",
        [("src/LossService.Engine/Families/DistributionDriver.cs", "cross_entropy")] = "a value that a note tells",
        [("src/LossService.Engine/Families/DistributionDriver.cs", "entropy")] = "a value that a note tells",
        [("src/LossService.Engine/Families/RegionMembers.cs", "log_loss")] = "a parameter",
    };

    private static readonly Dictionary<string, string[]> MayUse = new()
    {
        ["Engine"] = [],
        ["Wire"] = ["Engine"],
        ["Api"] = ["Engine", "Wire"],
    };

    [Fact]
    public void Projects_ReferenceEachOther_OnlyDownwards()
    {
        foreach ((string project, string[] allowed) in MayUse)
        {
            string text = House.Read($"src/LossService.{project}/LossService.{project}.csproj");
            string[] used = [.. ProjectReference().Matches(text).Select(reference => reference.Groups[1].Value)];
            Assert.Empty(used.Except(allowed));
            if (project != "Api")
            {
                // An analyzer watches the code and is not in it.
                Assert.DoesNotContain(PackageReference().Matches(text), package => !package.Value.Contains("PrivateAssets=\"all\"", StringComparison.Ordinal));
                Assert.DoesNotContain("FrameworkReference", text, StringComparison.Ordinal);
                Assert.Contains("Sdk=\"Microsoft.NET.Sdk\"", text, StringComparison.Ordinal);
            }
        }
    }

    [Fact]
    public void Usings_OfAProject_NameOnlyWhatItMayUse()
    {
        foreach ((string project, string[] allowed) in MayUse)
        {
            string[] forbidden = [.. MayUse.Keys.Except(allowed).Where(other => other != project).Select(other => "LossService." + other)];
            foreach ((string file, string text) in Code($"src/LossService.{project}/"))
            {
                string used = Comment().Replace(text, "");
                Assert.All(forbidden, name => Assert.DoesNotMatch($@"\b{Regex.Escape(name)}\b", used));
                if (project != "Api")
                {
                    Assert.False(used.Contains("Microsoft.AspNetCore", StringComparison.Ordinal), file);
                }
            }
        }
    }

    [Fact]
    public void LossNames_AsQuotedLiterals_StandOnlyInTheirOwnFiles()
    {
        var needed = new HashSet<(string, string)>();
        string[] names = [.. Catalogue.All.SelectMany(loss => loss.Card.Aliases.Append(loss.Card.Name))];
        foreach ((string file, string text) in Code("src/"))
        {
            string code = Comment().Replace(text, "");
            foreach (string name in names.Where(name => code.Contains($"\"{name}\"", StringComparison.Ordinal)))
            {
                if (OtherMeanings.ContainsKey((file, name)))
                {
                    needed.Add((file, name));
                    continue;
                }

                LossCard card = Catalogue.Find(name)!.Card;
                Assert.True(file == FileOf(card), $"{file} names \"{name}\"");
            }
        }

        Assert.Equal(OtherMeanings.Keys.Order(), needed.Order());
    }

    [Fact]
    public void Catalogue_HasOneLineALoss_AndEveryLossAFileWhereItsFamilySays()
    {
        string[] lines = [.. House.Read("src/LossService.Engine/Catalogue.cs").Split('\n').Where(line => Entry().IsMatch(line))];
        Assert.Equal(Catalogue.All.Count, lines.Length);
        foreach ((Loss loss, string line) in Catalogue.All.Zip(lines))
        {
            string type = Entry().Match(line).Groups[1].Value;
            string text = House.Read(FileOf(loss.Card));
            Assert.Equal(FileOf(loss.Card).Split('/')[^1], type + ".cs");
            Assert.Contains($"namespace LossService.Engine.Losses.{Pascal(loss.Card.Family)};", text, StringComparison.Ordinal);
            Assert.Contains($"struct {type}", text, StringComparison.Ordinal);
            Assert.Contains($"Name = \"{loss.Card.Name}\"", text, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Files_Lengths_StayWithinTheRule()
    {
        IEnumerable<string> files = Code("src/").Where(file => LinesOf(file.Text) > FileLinesMax)
            .Concat(Code("tests/").Where(file => LinesOf(file.Text) > TestFileLinesMax))
            .Select(file => file.File);
        Assert.Equal(LongFiles.Keys.Order(StringComparer.Ordinal), files.Order(StringComparer.Ordinal));

        static int LinesOf(string text) => text.Count(c => c == '\n');
    }

    [Fact]
    public void Lines_Lengths_StayWithinTheRule()
    {
        // A text in quotes, such as a card's, may run on: a break would have to be undone by whoever searches for it.
        var long_ = new List<string>();
        foreach ((string file, string text) in Code("src/"))
        {
            bool isRawText = false;
            foreach ((string line, int i) in text.Split('\n').Select((line, i) => (line, i)))
            {
                isRawText ^= line.Split("\"\"\"").Length % 2 == 0;
                if (line.Length > LineMax && !isRawText && !line.Contains('"', StringComparison.Ordinal))
                {
                    long_.Add($"{file}:{i + 1}");
                }
            }
        }

        Assert.Empty(long_);
    }

    [Fact]
    public void Functions_Lengths_StayWithinTheRule()
    {
        var long_ = new List<string>();
        foreach ((string file, string text) in Code("src/"))
        {
            string[] lines = text.Split('\n');
            for (int i = 1; i < lines.Length; i++)
            {
                string indent = lines[i].TrimEnd()[..^Math.Min(1, lines[i].TrimEnd().Length)];
                if (lines[i].TrimEnd() != indent + "{" || indent.Trim().Length > 0 || TypeHead().IsMatch(Head(lines, i, indent)))
                {
                    continue;
                }

                int end = Array.FindIndex(lines, i, line => line.StartsWith(indent + "}", StringComparison.Ordinal));
                if (indent.Length is 4 or 8 && end - i - 1 > FunctionLinesMax)
                {
                    long_.Add($"{file}:{i + 1} has {end - i - 1} lines");
                }
            }
        }

        Assert.Empty(long_);
    }

    [Fact]
    public void Vectors_StandOnlyInTheFoldersMadeForThem()
    {
        string[] allowed = ["src/LossService.Engine/Lanes/", "src/LossService.Wire/Numbers/", "src/LossService.Wire/Json/"];
        Assert.All(
            Code("src/").Where(file => VectorType().IsMatch(Comment().Replace(file.Text, ""))),
            file => Assert.True(allowed.Any(folder => file.File.StartsWith(folder, StringComparison.Ordinal)), file.File));
    }

    [Fact]
    public void Engine_CallsNothingWhoseBitsDependOnTheMachine() => Assert.All(
        Code("src/LossService.Engine/"),
        file => Assert.True(Banned().Match(Comment().Replace(file.Text, "")) is { Success: false }, $"{file.File}: {Banned().Match(file.Text)}"));

    /// <summary>Every C# file below a folder, with its text; nothing a tool wrote.</summary>
    internal static IEnumerable<(string File, string Text)> Code(string folder) => House.Files
        .Where(file => file.StartsWith(folder, StringComparison.Ordinal) && file.EndsWith(".cs", StringComparison.Ordinal)
            && !file.Contains("/wwwroot/", StringComparison.Ordinal))
        .Select(file => (file, House.Read(file)));

    internal static string Pascal(string words) => string.Concat(words.Split('_').Select(word => char.ToUpperInvariant(word[0]) + word[1..]));

    private static string FileOf(LossCard card) => $"src/LossService.Engine/Losses/{Pascal(card.Family)}/{Pascal(card.Name)}.cs";

    // The lines of a declaration, which may take several.
    private static string Head(string[] lines, int brace, string indent)
    {
        int start = brace - 1;
        while (start > 0 && lines[start].StartsWith(indent + "    ", StringComparison.Ordinal))
        {
            start--;
        }

        return string.Join(' ', lines[start..brace]);
    }

    [GeneratedRegex(@"ProjectReference Include=""[^""]*LossService\.(\w+)\.csproj""")]
    private static partial Regex ProjectReference();

    [GeneratedRegex(@"<PackageReference [^>]*>")]
    private static partial Regex PackageReference();

    [GeneratedRegex(@"^\s+\w+\.\w+<(\w+)>\(\),$")]
    private static partial Regex Entry();

    [GeneratedRegex(@"\b(class|struct|record|interface|enum)\b")]
    private static partial Regex TypeHead();

    [GeneratedRegex(@"\bVector(64|128|256|512)\b")]
    private static partial Regex VectorType();

    [GeneratedRegex(@"^\s*//.*$", RegexOptions.Multiline)]
    private static partial Regex Comment();

    [GeneratedRegex(
        @"\bMath\.(Exp|Log|Log2|Log10|Pow|Sin|Cos|Tan|Asin|Acos|Atan|Atan2|Sinh|Cosh|Tanh|Cbrt|ReciprocalEstimate)\b|\bMathF\."
        + @"|\bTensorPrimitives\b|\bVector<|\bVector\.|\b\w+Estimate\(|\b\w+Native\(|\bVector\d+\.(Exp|Log|Sin|Cos|Sum|Dot)\b"
        + @"|\b(T|double|float)\.(Exp|ExpM1|Log|LogP1|Pow|Sigmoid)\(")]
    private static partial Regex Banned();
}

using System.Text.RegularExpressions;
using Xunit;

namespace LossService.Tests.Tidy;

/// <summary>The pages of the house lead to what exists.</summary>
public sealed partial class PagesTests
{
    public static TheoryData<string> Pages => [.. Markdown.Pages];

    [Theory]
    [MemberData(nameof(Pages))]
    public void Page_Links_LeadToFiles(string page)
    {
        string folder = Path.GetDirectoryName(House.PathOf(page))!;
        Assert.All(Markdown.Links(House.Read(page)), link => Assert.True(Path.Exists(Path.Combine(folder, link)), link));
    }

    [Theory]
    [MemberData(nameof(Pages))]
    public void Page_FilesInBackticks_Exist(string page)
    {
        string[] files = [.. House.Files.Select(file => "/" + file)];
        Assert.All(
            Markdown.Quoted(House.Read(page)).Where(quoted => FileName().IsMatch(quoted)),
            quoted => Assert.Contains(files, file => file.EndsWith("/" + quoted, StringComparison.Ordinal)));
    }

    [Theory]
    [MemberData(nameof(Pages))]
    public void Page_CodeInCSharp_IsOurs(string page)
    {
        string[] code = [.. House.Files.Where(file => file.EndsWith(".cs", StringComparison.Ordinal)).Select(House.Read)];
        Assert.All(
            Markdown.Blocks(House.Read(page)).Where(block => block.Language == "csharp"),
            block => Assert.Contains(code, file => file.Contains(block.Text, StringComparison.Ordinal)));
    }

    [GeneratedRegex(@"^[\w./]+\.(cs|csproj|md|py|mjs|csv|yml|json)$")]
    private static partial Regex FileName();
}

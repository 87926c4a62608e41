using System.Security.Cryptography;
using System.Text.RegularExpressions;
using LossService.Tests.Examples;
using LossService.Tests.Tidy;
using Xunit;

namespace LossService.Tests.Deploy;

/// <summary>What goes into a build is what the lock files name, and what comes out depends on nothing else.</summary>
public sealed partial class SupplyTests : IDisposable
{
    private static readonly TimeSpan BuildTimeMax = TimeSpan.FromMinutes(10); // a busy machine compiles slowly

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("lossservice-supply-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task Restore_Locked_TakesWhatTheLockNamesAndNothingElse()
    {
        string checkout = Checkout("a");
        (int code, string output) = await RestoreAsync(checkout);
        Assert.True(code == 0, output);

        // Controls: a lock that asks for another version, and one whose package has other bytes.
        string file = Path.Combine(checkout, "src/LossService.Api/packages.lock.json");
        string text = await File.ReadAllTextAsync(file);
        await File.WriteAllTextAsync(file, Requested().Replace(text, "\"requested\": \"[0.0.1, )\"", 1));
        (code, output) = await RestoreAsync(checkout);
        Assert.True(code != 0 && output.Contains("NU1004", StringComparison.Ordinal), output);
        await File.WriteAllTextAsync(file, Hash().Replace(text, $"\"contentHash\": \"{new string('A', 86)}==\"", 1));
        (code, output) = await RestoreAsync(checkout);
        Assert.True(code != 0 && output.Contains("NU1403", StringComparison.Ordinal), output);
    }

    [Fact]
    public async Task Build_FromTwoCheckouts_GivesTheSameBytes()
    {
        Dictionary<string, string> one = await BuildAsync(Checkout("one"), "src/LossService.Api");
        Dictionary<string, string> other = await BuildAsync(Checkout("another/and/deeper"), "src/LossService.Api");
        Assert.All(new[] { "Engine", "Wire", "Api" }, name => Assert.Contains($"LossService.{name}.dll", one.Keys));
        Assert.Equal(one, other);

        // Control: the place of the checkout does show where nothing hides it.
        Dictionary<string, string> bare = await BuildAsync(Checkout("bare"), "src/LossService.Engine", "-p:PathMap=");
        Assert.NotEqual(one["LossService.Engine.dll"], bare["LossService.Engine.dll"]);
    }

    // What the Dockerfile copies: all that a build needs.
    private string Checkout(string name)
    {
        string folder = Path.Combine(_folder.FullName, name);
        foreach (string file in House.Files.Where(file => file.StartsWith("src/", StringComparison.Ordinal))
            .Concat(["global.json", "Directory.Build.props", "Directory.Packages.props", ".editorconfig"]))
        {
            string copy = Path.Combine(folder, file);
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(House.PathOf(file), copy);
        }

        return folder;
    }

    private static Task<(int Code, string Output)> RestoreAsync(string checkout) => Programs.RunAsync(
        BuildTimeMax, Programs.Dotnet, "restore", Path.Combine(checkout, "src/LossService.Api"), "--locked-mode", "--force",
        "-nodeReuse:false");

    private static async Task<Dictionary<string, string>> BuildAsync(
        string checkout, string project, params string[] more)
    {
        string output = Path.Combine(checkout, "out");
        // A compiler or a node that stays behind would hold on to what we read.
        (int code, string text) = await Programs.RunAsync(
            BuildTimeMax, Programs.Dotnet,
            [
                "build", Path.Combine(checkout, project), "-c", "Release", "-o", output, "-nologo", "-nodeReuse:false",
                "-p:UseSharedCompilation=false", .. more,
            ]);
        Assert.True(code == 0, text);
        return Directory.GetFiles(output, "*", SearchOption.AllDirectories).ToDictionary(
            file => Path.GetRelativePath(output, file),
            file => Convert.ToHexString(SHA256.HashData(File.ReadAllBytes(file))));
    }

    [GeneratedRegex("\"requested\": \"[^\"]+\"")]
    private static partial Regex Requested();

    [GeneratedRegex("\"contentHash\": \"[^\"]+\"")]
    private static partial Regex Hash();
}

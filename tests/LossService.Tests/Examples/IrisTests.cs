using System.ComponentModel;
using System.Globalization;
using System.Text.RegularExpressions;
using LossService.Tests.Tidy;
using Xunit;

namespace LossService.Tests.Examples;

/// <summary>The example programs learn real flowers from the real service, over a real connection.</summary>
[Collection(RealService.Collection)]
public sealed partial class IrisTests(RealService service)
{
    private const string Folder = "tests/LossService.Examples";

    [SkippableTheory]
    [InlineData("python3", 3, "train_iris.py", 0.96)]
    [InlineData("node", 18, "train_iris.mjs", 0.96)]
    [InlineData("python3", 3, "train_iris_focal.py", 0.94)]
    public async Task Program_AgainstARunningService_ReachesItsAccuracy(
        string runtime, int versionMin, string program, double accuracyMin)
    {
        await RequireAsync(runtime, versionMin);
        (int code, string output) = await Programs.RunAsync(
            runtime, House.PathOf($"{Folder}/{program}"), service.Address);
        Assert.True(code == 0, $"{program} ended with {code}:\n{output}\nThe service wrote:\n{service.Log}");
        Match printed = Accuracy().Match(output);
        Assert.True(printed.Success, $"{program} printed no accuracy:\n{output}");
        Assert.InRange(double.Parse(printed.Groups[1].Value, CultureInfo.InvariantCulture), accuracyMin, 1);
    }

    [SkippableTheory]
    [InlineData("python3", 3, "train_iris.py")]
    [InlineData("node", 18, "train_iris.mjs")]
    [InlineData("python3", 3, "train_iris_focal.py")]
    public async Task Program_WithoutTheService_Fails(string runtime, int versionMin, string program)
    {
        await RequireAsync(runtime, versionMin);
        // Port 1 is reserved and nothing listens there.
        (int code, string output) = await Programs.RunAsync(runtime, House.PathOf($"{Folder}/{program}"), "http://127.0.0.1:1");
        Assert.NotEqual(0, code);
        Assert.DoesNotMatch(Accuracy(), output);
    }

    [Fact]
    public void Programs_InTheirText_ComputeNoLossThemselves()
    {
        string[] programs = [.. Directory.GetFiles(House.PathOf(Folder), "train_iris*")];
        Assert.Equal(3, programs.Length);
        foreach (string program in programs)
        {
            string text = File.ReadAllText(program);
            Assert.DoesNotMatch(OwnMathematics(), text);
            Assert.Single(PostedLoss().Matches(text));
        }
    }

    [Fact]
    public void Data_HasFishersNumbers_AlsoWhereCommonCopiesErr()
    {
        string[] lines = House.Read($"{Folder}/iris.csv").TrimEnd('\n').Split('\n');
        Assert.Equal("sepal_length,sepal_width,petal_length,petal_width,species", lines[0]);
        Assert.Equal(150, lines.Length - 1);
        Assert.Equal([50, 50, 50], lines.Skip(1).GroupBy(line => line.Split(',')[^1]).Select(species => species.Count()));
        Assert.Equal("4.9,3.1,1.5,0.2,setosa", lines[35]);
        Assert.Equal("4.9,3.6,1.4,0.1,setosa", lines[38]);
    }

    private static async Task RequireAsync(string runtime, int versionMin)
    {
        string version;
        try
        {
            (int code, version) = await Programs.RunAsync(runtime, "--version");
            Skip.If(code != 0, $"{runtime} does not run here: {version}");
        }
        catch (Win32Exception e)
        {
            throw new SkipException($"{runtime} is not installed here: {e.Message}");
        }

        int found = int.Parse(Digits().Match(version).Value, CultureInfo.InvariantCulture);
        Skip.If(found < versionMin, $"{runtime} is version {found} here, the program needs {versionMin} or later.");
    }

    [GeneratedRegex(@"^accuracy ([01]\.\d+)$", RegexOptions.Multiline)]
    private static partial Regex Accuracy();

    [GeneratedRegex(@"\d+")]
    private static partial Regex Digits();

    // An exponential, a logarithm or a library of them.
    [GeneratedRegex(@"\bmath\b|numpy|torch|scipy|sklearn|Math\.(exp|log|tanh)|require\(|\*\* *-")]
    private static partial Regex OwnMathematics();

    [GeneratedRegex(@"/v1/losses/\w+")]
    private static partial Regex PostedLoss();
}

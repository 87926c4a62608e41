using LossService.Tests.Examples;
using LossService.Tests.Tidy;
using Xunit;

namespace LossService.Tests.Fuzz;

/// <summary>The targets of the coverage-guided fuzzer over their seeds, without the fuzzer, so that neither rots.</summary>
public sealed class FuzzTargetTests
{
    private static readonly string[] Targets = ["json", "base64", "safetensors", "control"];

    [Fact]
    public async Task Targets_OverTheirSeeds_FindNothing()
    {
        foreach (string target in Targets)
        {
            string[] seeds = Directory.GetFiles(House.PathOf($"tests/LossService.Fuzz/corpus/{target}"));
            Assert.NotEmpty(seeds);
            (int code, string output) = await Programs.RunAsync(Programs.Dotnet, [Program, target, .. seeds]);
            Assert.True(code == 0, $"{target}: {output}");
        }
    }

    [Fact]
    public async Task Control_OverAnInputThatReachesItsBug_Fails()
    {
        string file = Path.GetTempFileName();
        try
        {
            await File.WriteAllTextAsync(file, """{"predictions":[1,2,3],"targets":[1,2,3]}""");
            (int code, string output) = await Programs.RunAsync(Programs.Dotnet, Program, "control", file);
            Assert.NotEqual(0, code);
            Assert.Contains(nameof(IndexOutOfRangeException), output, StringComparison.Ordinal);
            Assert.Equal(0, (await Programs.RunAsync(Programs.Dotnet, Program, "json", file)).Code);
        }
        finally
        {
            File.Delete(file);
        }
    }

    // What this project is built with is built beside it, in the same configuration and for the same framework.
    private static string Program
    {
        get
        {
            DirectoryInfo framework = new(AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar));
            return House.PathOf($"tests/LossService.Fuzz/bin/{framework.Parent!.Name}/{framework.Name}/LossService.Fuzz.dll");
        }
    }
}

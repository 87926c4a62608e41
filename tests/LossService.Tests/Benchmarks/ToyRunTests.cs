using System.Text.Json;
using LossService.Tests.Examples;
using LossService.Tests.Tidy;
using Xunit;

namespace LossService.Tests.Benchmarks;

/// <summary>Every benchmark once, at toy size, so that none rots: that it runs, and that all peers compute what we do.
/// Nothing here is about time.</summary>
public class ToyRunTests
{
    private const double DeviationMax = 1e-4; // float32 sums in any order

    [Theory]
    [InlineData("kernels", 13 * 2)]
    [InlineData("pieces", 0)]
    [InlineData("digits", 2 * 6)]
    [InlineData("server", 3)]
    [InlineData("cost", 0)]
    [InlineData("startup", 0)]
    [InlineData("isolation", 0)]
    [InlineData("fuzz", 0)]
    [InlineData("cancel", 0)]
    [InlineData("overload", 0)]
    [InlineData("sockets", 0)]
    [InlineData("soak", 0)]
    [InlineData("memory", 0)]
    [InlineData("abuse", 0)]
    [InlineData("sweep", 0)]
    [InlineData("shutdown", 0)]
    [InlineData("dotnet", 0)]
    public async Task ToyRun_OfEveryPart_AgreesWithItsPeers(string part, int rowsMin)
    {
        string file = Path.GetTempFileName();
        try
        {
            (int code, string output) = await Programs.RunAsync(
                Programs.Dotnet, Benchmarks, "--toy", "--only", part, "--json", file);

            Assert.True(code == 0, output);
            List<Row> rows = JsonSerializer.Deserialize<List<Row>>(await File.ReadAllTextAsync(file))!;
            Assert.True(rows.Count >= rowsMin, $"{rows.Count} rows, expected {rowsMin} without optional peers\n{output}");
            Assert.All(rows, AssertSound);
            foreach (string peer in part == "digits" ? await NativePeersAsync() : [])
            {
                Assert.True(rows.Count(row => row.Peer == peer) == 2, $"{peer} is missing in float32 or float64\n{output}");
            }
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Fact]
    public async Task Soak_OfAServiceThatLeaks_Fails()
    {
        (int code, string output) = await Programs.RunAsync(Programs.Dotnet, Benchmarks, "--toy", "--only", "soak", "--leak");
        Assert.True(code == 1 && output.Contains("GROWS: live managed heap", StringComparison.Ordinal), output);
    }

    // CI runs it so, and leaves the checkout as it was; what the run finds on a busy machine is not the matter here.
    [Fact]
    public async Task Fuzz_FromAGivenSeed_WritesNoResults()
    {
        string[] before = Results();
        (_, string output) = await Programs.RunAsync(
            Programs.Dotnet, Benchmarks, "--only", "fuzz", "--seed", "1", "--count", "1000");
        Assert.Contains("## Changed bodies", output, StringComparison.Ordinal);
        Assert.Equal(before, Results());

        static string[] Results() =>
            [.. Directory.GetFiles(House.PathOf("tests/LossService.Benchmarks/results")).Order(StringComparer.Ordinal)
                .Select(file => $"{file}\n{File.ReadAllText(file)}")];
    }

    // The peers of digits in C++ that this machine can build.
    private static async Task<string[]> NativePeersAsync() =>
        !await Deploy.Engine.AnswersAsync("g++", "--version") ? []
        : File.Exists("/usr/include/simdjson.h") ? ["std::from_chars", "std::to_chars", "simdjson on-demand"]
        : ["std::from_chars", "std::to_chars"];

    // What this project is built with is built beside it, in the same configuration and for the same framework.
    private static string Benchmarks
    {
        get
        {
            DirectoryInfo framework = new(AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar));
            return House.PathOf(
                $"tests/LossService.Benchmarks/bin/{framework.Parent!.Name}/{framework.Name}/LossService.Benchmarks.dll");
        }
    }

    private static void AssertSound(Row row)
    {
        string name = $"{row.Work}, {row.Peer}";
        Assert.True(row.Ours >= 0 && double.IsFinite(row.Ours), $"{name}: our cost is {row.Ours}");
        Assert.True(row.Theirs >= 0 && double.IsFinite(row.Theirs), $"{name}: the peer's cost is {row.Theirs}");
        Assert.NotEmpty(row.OursSaid);
        Assert.Equal(row.OursSaid.Length, row.PeerSaid.Length);
        Assert.All(row.OursSaid.Zip(row.PeerSaid), said => Assert.True(
            Math.Abs(said.First - said.Second) <= DeviationMax * Math.Abs(said.First),
            $"{name}: {said.Second} instead of {said.First}"));
    }

    /// <summary>What a run writes of a comparison.</summary>
    private sealed record Row(
        string Work, string Peer, double Ours, double Theirs, double[] OursSaid, double[] PeerSaid);
}

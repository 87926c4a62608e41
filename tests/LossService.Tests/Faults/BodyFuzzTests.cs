using LossService.Engine;
using Xunit;

namespace LossService.Tests.Faults;

/// <summary>A sample of what `--only fuzz` of the benchmarks runs ten million times. The process's memory is measured, so
/// nothing else may run beside it.</summary>
[Collection(nameof(Alone))]
public sealed class BodyFuzzTests
{
    private const int Executions = 100_000;
    private const long GrowthMax = 64 << 20;

    [Fact]
    public async Task Body_ChangedAnyhow_IsAnsweredOrRefusedWithACodeOfTheList()
    {
        using var instance = new Instance(Catalogue.All, Fuzz.Limits);
        var fuzz = new Fuzz(instance, await Fuzz.SeedsAsync(Catalogue.All, instance), seed: 20_261_125);
        await fuzz.RunAsync(Executions / 10);
        long before = GC.GetTotalMemory(forceFullCollection: true);
        await fuzz.RunAsync(Executions - (Executions / 10));
        Assert.Empty(fuzz.Findings);
        Assert.True(GC.GetTotalMemory(forceFullCollection: true) - before < GrowthMax);

        // Mutants that are all refused at their first byte would say little.
        Assert.True(fuzz.Outcomes.Count >= 15, string.Join(", ", fuzz.Outcomes));
        Assert.InRange(fuzz.Outcomes["200"], Executions / 50, Executions / 2);
        Assert.InRange(fuzz.Outcomes["malformed_json"], Executions / 50, 9 * Executions / 10);
    }

    [Theory]
    [InlineData("planted_crash")]
    [InlineData("planted_tail")]
    [InlineData("planted_unchecked")]
    public async Task Fuzz_OfALossThatFailsAtOneNumberOrLength_FindsIt(string loss)
    {
        using var instance = new Instance(PlantedLoss.All, Fuzz.Limits);
        Loss planted = PlantedLoss.All.Single(one => one.Card.Name == loss);
        var fuzz = new Fuzz(instance, await Fuzz.SeedsAsync([planted], instance), seed: 1);
        await fuzz.RunAsync(20_000);
        Assert.NotEmpty(fuzz.Findings);
    }
}

/// <summary>Tests that run when all others are over, one after the other.</summary>
[CollectionDefinition(nameof(Alone), DisableParallelization = true)]
public sealed class Alone;

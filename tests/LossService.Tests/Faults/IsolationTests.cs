using LossService.Engine;
using Xunit;

namespace LossService.Tests.Faults;

/// <summary>No client ever sees another's number. A sample of what `--only isolation` of the benchmarks runs a million
/// times.</summary>
public sealed class IsolationTests
{
    private const int Requests = 10_000;

    [Fact]
    public async Task Answers_OfEightClientsAtOnce_AreThoseOfEachAlone()
    {
        using var instance = new Instance(Catalogue.All, ("BufferedBytesMax", "4096"), ("ThreadsMax", "2"));
        var isolation = new Isolation(instance);
        await isolation.RunAsync(Requests, Isolation.CallsOf);
        Assert.Empty(isolation.Findings);
        Assert.Equal(0, instance.Errors);
        Assert.InRange(isolation.Answers, Requests / 2, Requests);
        Assert.InRange(isolation.Broken, Requests / 16, Requests / 2);
        Assert.True(isolation.Elements > 5_000_000, $"{isolation.Elements}");
    }

    [Fact]
    public async Task Isolation_OfAPoolThatLendsABlockToTwo_FindsIt()
    {
        using var instance = new Instance(Catalogue.All);
        for (int size = 256; size <= 1 << 16; size *= 2)
        {
            Isolation.PlantDoubleReturn(instance.Pool, size);
        }

        var isolation = new Isolation(instance);
        await isolation.RunAsync(Requests, Isolation.CallsOf);
        Assert.NotEmpty(isolation.Findings);
    }

    [Theory]
    [InlineData("planted_dirt")]
    [InlineData("planted_beyond")]
    public async Task Isolation_OfALossThatLeavesATailUnwrittenOrReadsBehindIt_FindsIt(string loss)
    {
        using var instance = new Instance(PlantedLoss.All);
        var isolation = new Isolation(instance);
        await isolation.RunAsync(Requests, client => [.. new[] { 1, 2 }.Select(times =>
            Call.Of(loss, $$"""{"predictions":[{{client}},{{times}},{{client * times}}.5]}"""))]);
        Assert.NotEmpty(isolation.Findings); // poison; without it a number that may be anybody's
    }
}

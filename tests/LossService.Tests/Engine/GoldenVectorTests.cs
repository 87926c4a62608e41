using LossService.Conformance.Agreement;
using LossService.Conformance.Golden;
using LossService.Conformance.Oracles.Harness;
using LossService.Engine;
using LossService.Engine.Cards;
using LossService.Tests.Engine.Harness;
using Xunit;

namespace LossService.Tests.Engine;

/// <summary>The engine against what libtorch answered once, where libtorch itself may not load.</summary>
[Trait("Set", "Engine")]
public sealed class GoldenVectorTests
{
    private readonly EngineSide _engine = new();

    [Theory]
    [MemberData(nameof(EveryLoss.Names), MemberType = typeof(EveryLoss))]
    public void Answer_ToEveryGoldenRequest_AgreesWithTorch(string loss)
    {
        string[] differences = [.. GoldenVector.Read(Repository.Root, loss).SelectMany(vector => Difference
            .Of(vector.Answer, _engine.Answer(vector.Request).Answer, samplesMeet: EveryLoss.Card(loss).SamplesMeet)
            .Select(difference => $"{vector.Name}: {difference}"))];
        Assert.True(differences.Length == 0, string.Join('\n', differences));
    }

    /// <summary>Files that were written before the card changed no longer say enough.</summary>
    [Theory]
    [MemberData(nameof(EveryLoss.Names), MemberType = typeof(EveryLoss))]
    public void Requests_OfEveryLoss_GiveEveryInputAndParameter(string loss)
    {
        OracleRequest[] requests = [.. GoldenVector.Read(Repository.Root, loss).Select(vector => vector.Request)];
        LossCard card = EveryLoss.Card(loss);

        Assert.InRange(requests.Length, 12, 100);
        Assert.All(
            card.Inputs.Select(input => input.Name),
            name => Assert.Contains(requests, request => request.Inputs.ContainsKey(name)));
        Assert.All(
            card.Parameters.Select(parameter => parameter.Name),
            name => Assert.Contains(requests, request => request.Parameters.ContainsKey(name)));
        Assert.All(
            card.Parameters.SelectMany(parameter => parameter.Words.Select(word => (parameter.Name, word))),
            choice => Assert.Contains(
                requests, request => (string?)request.Parameters.GetValueOrDefault(choice.Name) == choice.word));
    }

    [Fact]
    public void Files_AreThoseOfTheCatalogue() => Assert.Equal(
        Catalogue.All.Select(loss => loss.Card.Name).Order(StringComparer.Ordinal),
        Directory.EnumerateFiles(Path.Combine(Repository.Root, GoldenVector.Folder))
            .Select(path => Path.GetFileName(path).Replace(".json", "", StringComparison.Ordinal))
            .Order(StringComparer.Ordinal));
}

using LossService.Engine;
using LossService.Engine.Numerics;
using Xunit;

namespace LossService.Tests.Faults;

/// <summary>Whatever fails, at whichever moment: nothing stays rented, the client gets the problem or a broken connection and
/// never half an answer, and the next request is answered as if nothing had been.</summary>
public sealed class FaultLoopTests
{
    private static readonly Dictionary<string, WatchedLoss> Losses =
        Catalogue.All.Concat(PlantedLoss.All).ToDictionary(loss => loss.Card.Name, loss => new WatchedLoss(loss));

    // One for all tests of the class, which run one after the other.
    private static readonly Instance Shared = new(
        [.. Losses.Values], ("BufferedBytesMax", "1024"), ("ThreadsMax", $"{FaultLoop.Threads}"));

    public static TheoryData<string> Kinds => [.. Calls.Keys];

    private static Dictionary<string, Func<Call>> Calls { get; } = new()
    {
        ["small json"] = () => Call.Of("mse_loss", """{"predictions":[1,2,4],"targets":[1,1,1]}"""),
        ["json of rows"] = () => Bodies.Nested(20, 7),
        ["json that streams"] = () => Bodies.Nested(400, 40) with { PieceBytes = 8 << 10 },
        ["base64 that streams"] = () => Bodies.Base64(400, 40) with { PieceBytes = 8 << 10 },
        ["json to safetensors"] = () => Bodies.Nested(400, 40) with { Accept = Call.Safetensors, PieceBytes = 8 << 10 },
        ["safetensors"] = () => Bodies.Safetensors(400, 40) with { PieceBytes = 8 << 10 },
        ["safetensors to json"] = () => Bodies.Safetensors(400, 40) with { Accept = Call.Json, PieceBytes = 8 << 10 },
        ["two threads"] = () => Bodies.Safetensors(1500, 50),
        ["json of unknown length"] = () => Bodies.Nested(20, 7) with { HasLength = false },
        ["json refused"] = () => Call.Of("mse_loss", """{"predictions":[1,2,4],"targets":[1,1],"other":[[1,2],[3]]}"""),
        ["json broken"] = () => Call.Of("mse_loss", """{"predictions":[1,2,4],"targets":[1,"""),
        ["safetensors broken"] = () => Bodies.Safetensors(4, 4) with { Body = Bodies.Safetensors(4, 4).Body[..^3] },
    };

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Request_OfAnyKindStruckAtAnyMoment_LeavesNothingBehind(string kind)
    {
        var loop = new FaultLoop(Shared, Losses);
        AssertNothing(await loop.RunAsync(Calls[kind]()));
        Assert.True(loop.Struck >= 5, $"only {loop.Struck} moments");
    }

    [Fact]
    public async Task Request_ForAnyLossStruckAtAnyMoment_LeavesNothingBehind()
    {
        var loop = new FaultLoop(Shared, Losses);
        foreach (Loss loss in Catalogue.All)
        {
            AssertNothing(await loop.RunAsync(Bodies.Example(loss.Card)));
        }

        Assert.True(loop.Struck > 10 * Catalogue.All.Count, $"only {loop.Struck} moments");
    }

    [Theory]
    [InlineData("planted_leak", Fault.Rent, "stay out")]
    [InlineData("planted_dirt", Fault.Rent, "what a buffer held")]
    [InlineData("planted_deaf", Fault.ClientLeavesAtPoll, "after the client had gone")]
    [InlineData("planted_twice", Fault.Rent, "answered 500")]
    [InlineData("planted_beyond", Fault.Rent, "what a buffer held")]
    public async Task Loop_OverAPlantedBug_FindsIt(string loss, Fault fault, string finding)
    {
        // A body of other numbers first, so that there is something to be found in a buffer.
        Dictionary<string, WatchedLoss> losses =
            PlantedLoss.All.ToDictionary(planted => planted.Card.Name, planted => new WatchedLoss(planted));
        using var instance = new Instance([.. losses.Values]);
        var loop = new FaultLoop(instance, losses);
        await instance.SendAsync(Call.Of(loss, """{"predictions":[7,8,9]}"""));
        List<string> findings = await loop.RunAsync(Call.Of(loss, """{"predictions":[1,2,3]}"""), [fault]);
        Assert.Contains(findings, one => one.Contains(finding, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Loop_OverASoundLoss_FindsNothing() =>
        AssertNothing(await new FaultLoop(Shared, Losses).RunAsync(Bodies.Example(PlantedLoss.Sound.Card)));

    [Fact]
    public async Task Client_LeavesBeforeTheProblemOfAnotherFaultIsSent_IsNoFault()
    {
        using var gone = new CancellationTokenSource();
        int errors = Shared.Errors;
        Shared.BeforeRent = bytes => throw new PoolExhaustedException(bytes);
        Reply reply = await Shared.SendAsync(Bodies.Nested(2, 2) with
        {
            Gone = gone,
            BeforeFlush = () =>
            {
                gone.Cancel();
                return false;
            },
        });
        Shared.BeforeRent = null;
        Assert.Equal((499, false, true), (reply.Status, reply.Started, reply.Aborted));
        Assert.Equal(errors, Shared.Errors);
    }

    private static void AssertNothing(List<string> findings) =>
        Assert.True(findings.Count == 0, string.Join('\n', findings));
}

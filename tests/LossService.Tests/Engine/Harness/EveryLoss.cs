using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using LossService.Engine;
using LossService.Engine.Cards;
using Xunit;

namespace LossService.Tests.Engine.Harness;

/// <summary>What theories loop over.</summary>
public static class EveryLoss
{
    /// <summary>The names of all losses.</summary>
    public static TheoryData<string> Names => [.. Catalogue.All.Select(loss => loss.Card.Name)];

    /// <summary>The names of those whose samples know nothing of each other.</summary>
    public static TheoryData<string> NamesOfSingleSamples =>
        [.. Catalogue.All.Where(loss => !loss.Card.SamplesMeet).Select(loss => loss.Card.Name)];

    /// <summary>The names of the losses that have a Hessian.</summary>
    public static TheoryData<string> WithHessian =>
        [.. Catalogue.All.Where(loss => loss.Card.HasHessian).Select(loss => loss.Card.Name)];

    /// <summary>All losses in both precisions.</summary>
    public static TheoryData<string, bool> InBothPrecisions => Both(_ => true);

    /// <summary>Those whose samples know nothing of each other.</summary>
    public static TheoryData<string, bool> OfSingleSamples => Both(card => !card.SamplesMeet);

    /// <summary>Those whose samples meet each other.</summary>
    public static TheoryData<string, bool> InBatch => Both(card => card.SamplesMeet);

    /// <summary>Those of them whose samples meet in pairs, and so have a limit.</summary>
    public static TheoryData<string, bool> OfPairs => Both(card => card.AxisMax is { Axis: "N" });

    /// <summary>True where a fused multiply-add is a call of a hundred nanoseconds rather than an instruction.</summary>
    public static bool IsSlow => !Fma.IsSupported || !Vector256.IsHardwareAccelerated;

    private static TheoryData<string, bool> Both(Func<LossCard, bool> wanted)
    {
        var data = new TheoryData<string, bool>();
        foreach (Loss loss in Catalogue.All.Where(loss => wanted(loss.Card)))
        {
            data.Add(loss.Card.Name, false);
            data.Add(loss.Card.Name, true);
        }

        return data;
    }

    internal static LossCard Card(string name) => Catalogue.Find(name)!.Card;

    /// <summary>Samples and the length of a row that make enough blocks for two threads: rows longer than a block, but as
    /// many elements in short ones where rows may not be as long, or where the machine lacks vectors and the loss takes every
    /// pair.</summary>
    internal static (int Samples, int Row) Blocks(LossCard card) =>
        HasShortRows(card) || (IsSlow && card.Cost == Cost.Quadratic) ? (536, 65) : (17, 2049);

    /// <summary>True for a loss whose longest list is half a block: some of these would be fewer blocks than threads want,
    /// and each costs its square many times.</summary>
    internal static bool HasShortRows(LossCard card) => card.AxisMax == AxisMax.OfPermutations;

    /// <summary>How many questions to draw: fewer where the machine lacks vectors.</summary>
    internal static int Draws(int usual) => IsSlow ? Math.Max(1, usual / 8) : usual;
}

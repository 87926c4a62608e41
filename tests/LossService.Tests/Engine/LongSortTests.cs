using LossService.Engine.Families;
using LossService.Tests.Engine.Harness;
using Xunit;

namespace LossService.Tests.Engine;

/// <summary>A sort that others may interrupt has the order of the runtime's.</summary>
public sealed class LongSortTests
{
    private const int Piece = 2 * 2048;

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(Piece - 1)]
    [InlineData(Piece)]
    [InlineData(Piece + 1)]
    [InlineData(2 * Piece)]
    [InlineData((3 * Piece) + 5)]
    [InlineData((8 * Piece) - 1)]
    public void Items_HoweverMany_AreInTheOrderOfTheRuntimesSort(int count)
    {
        var random = new Random(count);
        RankedError[] items = [.. Enumerable.Range(0, count).Select(place => new RankedError(random.Next(50), place, place % 2))];
        RankedError[] expected = [.. items];
        Array.Sort(expected);
        LongSort.Run(items, new RankedError[LongSort.RoomFor(count)], new(Bench.Pool));
        Assert.Equal(expected, items);
    }

    [Fact]
    public void Numbers_WithNaNsAndZeros_AreInTheOrderOfTheRuntimesSort()
    {
        var random = new Random(1);
        double[] some = [double.NaN, double.NegativeInfinity, 0, 1, double.PositiveInfinity];
        double[] items = [.. Enumerable.Range(0, 3 * Piece).Select(i => i % 3 == 0 ? some[random.Next(some.Length)] : random.NextDouble())];
        double[] expected = [.. items];
        Array.Sort(expected);
        LongSort.Run(items, new double[LongSort.RoomFor(items.Length)], new(Bench.Pool));
        Assert.Equal(expected, items);
    }

    [Fact]
    public void Sort_OfManyItems_PollsForEachPieceAtEachLevel()
    {
        const int Pieces = 16;
        double[] items = new double[Pieces * Piece];
        int polls = 0;
        LongSort.Run(items, new double[items.Length], new(Bench.Pool) { Polling = () => polls++ });
        Assert.Equal(Pieces - 1 + (Pieces * 4), polls); // between pieces, and for each of them in four rounds of merging
    }
}

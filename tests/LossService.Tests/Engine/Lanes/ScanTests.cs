using LossService.Engine.Families;
using LossService.Engine.Lanes;
using LossService.Engine.Numerics;
using Xunit;

namespace LossService.Tests.Engine.Lanes;

/// <summary>Loops over whole vectors and their tails: one wrong element shows wherever it stands, and a copy is
/// whole.</summary>
[Trait("Set", "Engine")]
public sealed class ScanTests
{
    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    [InlineData(1.0000001f)]
    [InlineData(-1e-40f)]
    public void AreWithin_OfEveryLengthAndPlace_SeesTheOneOutside(float wrong)
    {
        for (int length = 0; length < 70; length++)
        {
            float[] numbers = [.. Enumerable.Range(0, length).Select(i => i % 3 / 2f)];
            Assert.True(Scan.AreWithin<float>(numbers, 0, 1));
            for (int place = 0; place < length; place++)
            {
                float right = numbers[place];
                numbers[place] = wrong;
                Assert.False(Scan.AreWithin<float>(numbers, 0, 1), $"{wrong} at {place} of {length}");
                numbers[place] = right;
            }
        }
    }

    [Theory]
    [InlineData(new double[] { -1, 1 })]
    [InlineData(new double[] { -1, 0, 1 })]
    [InlineData(new double[] { 1 })]
    public void AreAmong_OfEveryLengthAndPlace_SeesTheOneThatIsNot(double[] allowed)
    {
        for (int length = 0; length < 40; length++)
        {
            double[] numbers = [.. Enumerable.Range(0, length).Select(i => allowed[i % allowed.Length])];
            Assert.True(Scan.AreAmong<double>(numbers, allowed));
            for (int place = 0; place < length; place++)
            {
                double right = numbers[place];
                foreach (double wrong in new[] { double.NaN, 0.5, -1.5 })
                {
                    numbers[place] = wrong;
                    Assert.False(Scan.AreAmong<double>(numbers, allowed), $"{wrong} at {place} of {length}");
                }

                numbers[place] = right;
            }
        }
    }

    [Fact]
    public void Streams_OfEveryLength_WriteAllAndNoMore()
    {
        var pool = new TensorPool(1 << 20);
        using var tensor = Tensor.Rent(pool, new Shape(300), Element.Float32);
        for (int length = 0; length <= 257; length++)
        {
            float[] numbers = [.. Enumerable.Range(1, length).Select(i => (float)i)];
            tensor.Float32.Fill(-1);
            Streams.Write<float>(numbers, tensor.Float32[..length]);
            Assert.Equal(numbers, tensor.Float32[..length]);
            Assert.Equal(-1, tensor.Float32[length]);
        }
    }

    [Theory]
    [InlineData(1, int.MaxValue)]
    [InlineData(1, 1)]
    [InlineData(1, 5)]
    [InlineData(7, 5)]
    [InlineData(7, int.MaxValue)]
    public void Gather_FromAnyItemOn_TakesTheElementsOfThoseItems(int divide, int modulo)
    {
        var at = new Broadcast(divide, modulo);
        int[] elements = [.. Enumerable.Range(0, Math.Min(modulo, (100 / divide) + 1))];
        for (int start = 0; start < 90; start++)
        {
            var found = new int[10];
            at.Gather<int>(elements, start, found);
            Assert.Equal(Enumerable.Range(start, 10).Select(item => item / divide % modulo), found);
        }
    }
}

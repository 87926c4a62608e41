using System.Globalization;
using LossService.Tests.Engine.Harness;
using Xunit;

namespace LossService.Tests.Engine;

/// <summary>Distances by angle, where squares leave the range of doubles, against numbers of 60
/// digits.</summary>
[Trait("Set", "Engine")]
public sealed class NearCosineTests
{
    private const string Extreme = "0.2928932188134525";

    [Theory]
    [InlineData("1e160,2e160", "3e160,1e160", "-2.8284271247461902e-161,1.4142135623730951e-161", "7.071067811865476e-162,-2.1213203435596425e-161")]
    [InlineData("1e160,2e160", "3e-160,1e-160", "-2.8284271247461902e-161,1.4142135623730951e-161", "7.071067811865476e158,-2.1213203435596424e159")]
    [InlineData("1e-160,2e-160", "3e-160,1e-160", "-2.8284271247461903e159,1.4142135623730952e159", "7.071067811865476e158,-2.1213203435596424e159")]
    [InlineData("1e160,2e160", "3,1", "-2.8284271247461902e-161,1.4142135623730951e-161", "0.07071067811865475,-0.21213203435596426")]
    public void Cosine_OfVectorsWhoseSquaresOverflowOrVanish_KeepsItsDigits(string a, string b, string onA, string onB)
    {
        AssertNear(Extreme, Pair(a, b).Loss!.Value);
        AssertNear(onA, Pair(a, b).Gradients["input1"]);
        AssertNear(onB, Pair(a, b).Gradients["input2"]);
        Answer triplet = Bench.Ask("triplet_margin_loss",
            $$"""{"anchor":[[{{a}}]],"positive":[[{{b}}]],"negative":[[0,1]],"distance":"cosine","margin":10,"gradients":["positive"]}""");
        AssertNear(onB, triplet.Gradients["positive"]);
    }

    [Theory]
    [InlineData("float32", "1e25,2e25", "3e25,1e25")]
    [InlineData("float32", "1e-25,2e-25", "3e25,1e25")]
    [InlineData("float64", "1e160,2e160", "3e160,1e160")]
    [InlineData("float64", "1e308,2e307", "1e308,2e307")]
    public void CosineEmbedding_OfHugeVectors_IsThatOfTheirDirections(string dtype, string a, string b)
    {
        Answer answer = Bench.Ask("cosine_embedding_loss", $$"""{"input1":[[{{a}}]],"input2":[[{{b}}]],"targets":[1],"dtype":"{{dtype}}"}""");
        double[] first = Numbers(a);
        double[] second = Numbers(b);
        (double turn, double other) = (first[1] / first[0], second[1] / second[0]);
        double eps = first[0] < 1 ? 1e-12 : 0; // small beside it, a vector has no direction
        double expected = eps > 0 ? 1 : 1 - ((1 + (turn * other)) / Math.Sqrt((1 + (turn * turn)) * (1 + (other * other))));
        Assert.Equal(expected, answer.Loss!.Value, 1e-7);
        Assert.All(answer.Gradients.Values, gradient => Assert.All(gradient, slope => Assert.True(double.IsFinite(slope))));
    }

    private static Answer Pair(string a, string b) => Bench.Ask("contrastive_loss",
        $$"""{"input1":[[{{a}}]],"input2":[[{{b}}]],"targets":[1],"distance":"cosine"}""");

    private static double[] Numbers(string text) =>
        Array.ConvertAll(text.Split(','), number => double.Parse(number, CultureInfo.InvariantCulture));

    private static void AssertNear(string expected, params double[] found)
    {
        foreach ((double number, double other) in Numbers(expected).Zip(found))
        {
            Assert.True(Math.Abs(number - other) <= 1e-14 * Math.Abs(number), $"{other:R}, expected {number:R}");
        }
    }
}

using System.Globalization;
using LossService.Tests.Engine.Harness;
using Xunit;

namespace LossService.Tests.Engine;

/// <summary>Distances by angle, where squares leave the range of doubles and where 1 - cos is small, against numbers of 60
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

    [Theory]
    [InlineData("1,2,3", "1,2,3.000001", "1.2755096577911298e-14", "1.5306119171236174e-08,3.061223834247235e-08,-2.5510198618726957e-08", "-1.530611771351007e-08,-3.061223542702014e-08,2.5510187685787555e-08")]
    [InlineData("1,2,3", "1,2,3.000000001", "1.275510414607369e-20", "1.530612371213396e-11,3.061224742426792e-11,-2.551020618688993e-11", "-1.530612371067623e-11,-3.061224742135246e-11,2.5510206175956985e-11")]
    [InlineData("1,2,3", "2,4,6.00000001", "3.1887754646116104e-19", "7.653061169778831e-11,1.5306122339557661e-10,-1.2755101949631384e-10", "-3.826530583067258e-11,-7.653061166134516e-11,6.377550961149511e-11")]
    [InlineData("1,2,3", "-1,-2,-2.999999999", "2", "1.5306123718693724e-11,3.061224743738745e-11,-2.5510206197822877e-11", "1.5306123720151453e-11,3.0612247440302905e-11,-2.5510206208755824e-11")]
    [InlineData("1,0", "1,1e-9", "5e-19", "0,-1e-9", "-1e-18,1e-9")]
    public void Cosine_OfNearlyParallelVectors_KeepsItsDigits(string a, string b, string loss, string onA, string onB)
    {
        AssertNear(loss, Pair(a, b).Loss!.Value);
        AssertNear(onA, Pair(a, b).Gradients["input1"]);
        AssertNear(onB, Pair(a, b).Gradients["input2"]);
    }

    [Fact]
    public void CosineEmbedding_OfNearVectors_CountsItsEpsExactly()
    {
        Answer answer = Bench.Ask("cosine_embedding_loss", """{"input1":[[0.1,0.2,0.3]],"input2":[[0.1,0.2,0.30000099999999996]],"targets":[1]}""");
        AssertNear("8.418346574270858e-12", answer.Loss!.Value);
        AssertNear("1.530603862926952e-06,3.061207725853904e-06,-2.551030247735396e-06", answer.Gradients["input1"]);
        AssertNear("-1.5306126092373438e-06,-3.0612252184746877e-06,2.550988702678129e-06", answer.Gradients["input2"]);
    }

    // From one formula to the other the distance has no step: both sides agree with the angle.
    [Fact]
    public void Cosine_OfAnyAngle_IsTwiceTheSquareOfTheHalfAnglesSine()
    {
        foreach (int length in new[] { 2, 3, 15, 16, 17, 40 })
        {
            for (double angle = 1e-8; angle < 3; angle *= 1.07)
            {
                string a = string.Join(',', Enumerable.Repeat("0", length - 2).Prepend("1").Append("0"));
                string b = string.Join(',', Enumerable.Repeat("0", length - 2).Prepend($"{Math.Cos(angle):R}").Append($"{Math.Sin(angle):R}"));
                double sine = Math.Sin(angle / 2);
                double expected = 2 * sine * sine;
                double found = Pair(a, b).Loss!.Value;
                Assert.True(Math.Abs(found - expected) <= 1e-13 * expected, $"{found:R}, expected {expected:R} at {angle:R}, length {length}");
            }
        }
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

using System.Text.Json;
using LossService.Engine;
using LossService.Tests.Engine.Harness;
using Xunit;

namespace LossService.Tests.Engine;

/// <summary>Scores that saturate, vanish or are huge, against numbers of 60 digits, and infinite ones against limits.</summary>
[Trait("Set", "Engine")]
public sealed class ExtremesTests
{
    private static readonly JsonDocument Cases = JsonDocument.Parse(GoldenFile.Read("extremes.json"));

    public static TheoryData<int, string> Places
    {
        get
        {
            var data = new TheoryData<int, string>();
            foreach ((JsonElement one, int place) in Cases.RootElement.EnumerateArray().Select((one, i) => (one, i)))
            {
                data.Add(place, $"{one.GetProperty("loss")} {one.GetProperty("request").GetProperty("dtype")}");
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Places))]
    public void Answer_AtSaturatedAndTinyScores_HasTheDigitsOfMpmath(int place, string about)
    {
        JsonElement one = Cases.RootElement[place];
        var question = Question.Of(one.GetProperty("loss").GetString()!, one.GetProperty("request").GetRawText());
        Answer answer = Bench.Ask(question);
        Hold(one.GetProperty("losses"), answer.Losses, question, $"losses of {about}");
        foreach (JsonProperty input in one.GetProperty("gradients").EnumerateObject())
        {
            Hold(input.Value, answer.Gradients[input.Name], question, $"{input.Name} of {about}");
        }
    }

    [Theory]
    [InlineData("mse_loss", """{"predictions":[1e30],"targets":[0],"dtype":"float32"}""", "too extreme for float32")]
    [InlineData("mse_loss", """{"predictions":[1e30,1],"targets":[0,0],"dtype":"float32","reduction":"none"}""", "Not every item")]
    [InlineData("mse_loss", """{"predictions":["NaN"],"targets":[0]}""", "predictions holds NaN")]
    [InlineData("kd_loss", """{"student_logits":[1,2],"teacher_logits":[2,1],"temperature":1e30,"dtype":"float32"}""", "although its inputs are")]
    [InlineData("kl_divergence", """{"p":[1,0],"q":[0,1]}""", "the formula has no finite value there")]
    [InlineData("mse_loss", """{"predictions":[1e30],"targets":[0]}""", null)]
    [InlineData("mse_loss", """{"predictions":["Infinity"],"targets":[0],"mask":[false],"reduction":"none"}""", null)]
    public void Answer_ThatIsNotFinite_SaysWhy(string loss, string json, string? why)
    {
        Note? note = Bench.Ask(loss, json).Notes.SingleOrDefault(note => note.Code == "non_finite");
        Assert.Equal(why is not null, note is not null);
        Assert.Contains(why ?? "", note?.Detail ?? "", StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("binary_cross_entropy_with_logits", "Infinity", 1, 0, 0)]
    [InlineData("binary_cross_entropy_with_logits", "-Infinity", 0, 0, 0)]
    [InlineData("binary_cross_entropy_with_logits", "Infinity", 0, double.PositiveInfinity, 1)]
    [InlineData("binary_cross_entropy_with_logits", "-Infinity", 1, double.PositiveInfinity, -1)]
    [InlineData("binary_cross_entropy_with_logits", "Infinity", 0.5, double.PositiveInfinity, 0.5)]
    [InlineData("sigmoid_focal_loss", "Infinity", 1, 0, 0)]
    [InlineData("sigmoid_focal_loss", "-Infinity", 0, 0, 0)]
    [InlineData("sigmoid_focal_loss", "Infinity", 0, double.PositiveInfinity, 0.75)]
    [InlineData("sigmoid_focal_loss", "-Infinity", 1, double.PositiveInfinity, -0.25)]
    public void BinaryLoss_OfAnInfiniteLogit_IsTheLimit(string loss, string logit, double target, double expected, double slope)
    {
        foreach (string dtype in new[] { "float32", "float64" })
        {
            Answer answer = Bench.Ask(loss, FormattableString.Invariant(
                $$"""{"logits":["{{logit}}"],"targets":[{{target}}],"dtype":"{{dtype}}","gradients":["logits"]}"""));
            Assert.Equal(expected, answer.Loss);
            Assert.Equal(slope, answer.Gradients["logits"][0]);
        }
    }

    [Theory]
    [InlineData("""["Infinity",1,2]""", 0, 0.0, "0,0,0")]
    [InlineData("""["Infinity",1,2]""", 1, double.PositiveInfinity, "1,-1,0")]
    [InlineData("""["-Infinity",0,0]""", 1, 0.6931471805599453, "0,-0.5,0.5")]
    [InlineData("""["-Infinity",0,0]""", 0, double.PositiveInfinity, "-1,0.5,0.5")]
    [InlineData("""["-Infinity","-Infinity",5]""", 2, 0.0, "0,0,0")]
    [InlineData("""["Infinity","Infinity",5]""", 0, double.NaN, "NaN,NaN,NaN")]
    [InlineData("""["-Infinity","-Infinity","-Infinity"]""", 0, double.NaN, "NaN,NaN,NaN")]
    [InlineData("""["NaN",0,0]""", 1, double.NaN, "NaN,NaN,NaN")]
    public void CrossEntropy_OfInfiniteLogits_IsTheLimitOrNaN(string row, int label, double expected, string slopes)
    {
        double[] expectedSlopes = [.. slopes.Split(',').Select(slope => double.Parse(slope, System.Globalization.CultureInfo.InvariantCulture))];
        string oneHot = string.Join(',', Enumerable.Range(0, 3).Select(c => c == label ? 1 : 0));
        foreach (string dtype in new[] { "float32", "float64" })
        {
            foreach (string targets in new[] { $"[{label}]", $"[[{oneHot}]]" })
            {
                Answer answer = Bench.Ask("cross_entropy",
                    $$"""{"logits":[{{row}}],"targets":{{targets}},"dtype":"{{dtype}}","gradients":["logits"]}""");
                Assert.Equal(expected, answer.Loss!.Value, 1e-7);
                Assert.All(answer.Gradients["logits"].Zip(expectedSlopes), pair => Assert.Equal(pair.Second, pair.First, 1e-7));
                Assert.Equal(double.IsNaN(expected), answer.Notes.Any(note => note.Code == "undefined_softmax"));
            }
        }
    }

    [Fact]
    public void Information_OfZeros_TakesZeroTimesInfinityForZero()
    {
        Assert.Equal(double.PositiveInfinity, Bench.Ask("self_information", """{"p":[0]}""").Loss);
        Assert.Equal(double.NegativeInfinity, Bench.Ask("self_information", """{"p":[0]}""").Gradients["p"][0]);
        Assert.Equal(0, Bench.Ask("self_information", """{"p":[1]}""").Loss);
        Assert.Equal(0, Bench.Ask("entropy", """{"p":[1,0]}""").Loss);
        Assert.Equal(double.PositiveInfinity, Bench.Ask("kl_divergence", """{"p":[0.5,0.5],"q":[1,0]}""").Loss);
        Assert.Equal(double.PositiveInfinity, Bench.Ask("distribution_cross_entropy", """{"p":[0.5,0.5],"q":[1,0]}""").Loss);
        Answer both = Bench.Ask("kl_divergence", """{"p":[1,0],"q":[1,0]}""");
        Assert.Equal(0, both.Loss);
        Assert.Equal([-1, 0], both.Gradients["q"]);
        Assert.Equal(0, Bench.Ask("kl_divergence", """{"log_p":[0,"-Infinity"],"log_q":[0,"-Infinity"]}""").Loss);
        Assert.Equal(0, Bench.Ask("kl_divergence", """{"p":[1,0],"log_q":[0,"-Infinity"]}""").Loss);
    }

    [Fact]
    public void KdLoss_AtAlphaOne_IsTheHardLossAloneEvenWhereTheDivergenceIsInfinite()
    {
        Answer answer = Bench.Ask("kd_loss",
            """{"student_logits":[["-Infinity",1,1]],"teacher_logits":[[3,1,0]],"targets":[1],"alpha":1,"gradients":["student_logits"]}""");
        Assert.Equal(Math.Log(2), answer.Loss!.Value, 1e-15);
        Assert.Equal([0, -0.5, 0.5], answer.Gradients["student_logits"], (a, b) => Math.Abs(a - b) < 1e-15);
    }

    [Fact]
    public void BinaryCrossEntropy_OfCertainProbabilities_ClampsAsPyTorch()
    {
        Answer answer = Bench.Ask("binary_cross_entropy",
            """{"probabilities":[0,1,0,1],"targets":[1,0,0,1],"reduction":"none","gradients":["probabilities"]}""");
        Assert.Equal([100, 100, 0, 0], answer.Losses);
        Assert.Equal([-1e12, 1e12, 0, 0], answer.Gradients["probabilities"]);
    }

    [Theory]
    [InlineData("mse_loss", "Infinity", double.PositiveInfinity, double.PositiveInfinity)]
    [InlineData("l1_loss", "Infinity", double.PositiveInfinity, 1)]
    [InlineData("l1_loss", "-Infinity", double.PositiveInfinity, -1)]
    [InlineData("huber_loss", "Infinity", double.PositiveInfinity, 1)]
    [InlineData("smooth_l1_loss", "-Infinity", double.PositiveInfinity, -1)]
    [InlineData("mse_loss", "NaN", double.NaN, double.NaN)]
    [InlineData("l1_loss", "NaN", double.NaN, double.NaN)]
    [InlineData("huber_loss", "NaN", double.NaN, double.NaN)]
    [InlineData("smooth_l1_loss", "NaN", double.NaN, double.NaN)]
    public void Regression_OfInfiniteOrUndefinedPredictions_IsTheLimitOrNaN(string loss, string prediction, double expected, double slope)
    {
        Answer answer = Bench.Ask(loss, $$"""{"predictions":["{{prediction}}"],"targets":[2],"gradients":["predictions"]}""");
        Assert.Equal(expected, answer.Loss);
        Assert.Equal(slope, answer.Gradients["predictions"][0]);
    }

    [Theory]
    [InlineData("contrastive_loss", """{"input1":[[1,2]],"input2":[[1,2]],"targets":[0]}""", 1)]
    [InlineData("contrastive_loss", """{"input1":[[1,2]],"input2":[[1,2]],"targets":[1]}""", 0)]
    [InlineData("triplet_margin_loss", """{"anchor":[[1,2]],"positive":[[1,2]],"negative":[[1,2]]}""", 1)]
    [InlineData("cosine_embedding_loss", """{"input1":[[0,0]],"input2":[[0,0]],"targets":[1]}""", 1)]
    [InlineData("contrastive_loss", """{"input1":[[0,0]],"input2":[[1,2]],"targets":[0],"distance":"cosine","margin":2}""", 1)]
    public void Distance_OfCoincidentOrZeroVectors_HasGradientZero(string loss, string json, double expected)
    {
        Answer answer = Bench.Ask(loss, json);
        Assert.Equal(expected, answer.Loss);
        Assert.All(answer.Gradients.Values, gradient => Assert.All(gradient, slope => Assert.Equal(0, slope)));
    }

    [Theory]
    [InlineData(1e200, 1e200)]
    [InlineData(1e-200, 1e-200)]
    [InlineData(3e-310, 3e-310)]
    public void L2_OfVectorsWhoseSquaresOverflowOrVanish_KeepsItsDigits(double first, double second)
    {
        double length = Math.Sqrt(2) * first;
        Answer answer = Bench.Ask("contrastive_loss", FormattableString.Invariant(
            $$"""{"input1":[[{{first:R}},{{second:R}}]],"input2":[[0,0]],"targets":[1],"gradients":["input1"]}"""));
        Assert.InRange(answer.Loss!.Value / length, 1 - 1e-13, 1 + 1e-13);
        Assert.All(answer.Gradients["input1"], slope => Assert.Equal(Math.Sqrt(0.5), slope, 1e-12));
    }

    [Theory]
    [InlineData(1, 1e-150, 4.771384230796917e-300)]
    [InlineData(1, 1.8e-10, 1.5459284890079085e-19)]
    [InlineData(1, 1e-05, 4.771080711660788e-10)]
    [InlineData(1, 0.003, 4.214556489868124e-05)]
    [InlineData(1, 0.0131, 0.0007580090984395686)]
    [InlineData(1, 0.0132, 0.0007692052483814821)]
    [InlineData(1, 0.3, 0.1858208040337733)]
    [InlineData(0.5, 1e-150, 5e-151)]
    [InlineData(0.5, 1.8e-10, 9e-11)]
    [InlineData(0.5, 1e-05, 5.000000121372909e-06)]
    [InlineData(0.5, 0.003, 0.0015029380258919237)]
    [InlineData(0.5, 0.0131, 0.006729006395999645)]
    [InlineData(0.5, 0.0132, 0.006782634665698217)]
    [InlineData(0.5, 0.3, 0.29434045834075806)]
    [InlineData(2, 1e-150, -2.5e-151)]
    [InlineData(2, 1.8e-10, -4.499999988405536e-11)]
    [InlineData(2, 1e-05, -2.4996421613591904e-06)]
    [InlineData(2, 0.003, -0.0007181957619786652)]
    [InlineData(2, 0.0131, -0.002692560164095901)]
    [InlineData(2, 0.0132, -0.002708861956009541)]
    [InlineData(2, 0.3, 0.08811380997832283)]
    public void BalancedL1_OfAnySmallError_HasTheDigitsOfMpmath(double beta, double error, double expected)
    {
        foreach (string dtype in new[] { "float32", "float64" })
        {
            if (dtype == "float32" && expected is > -1e-36 and < 1e-36)
            {
                continue;
            }

            Answer answer = Bench.Ask("balanced_l1_loss", FormattableString.Invariant(
                $$"""{"predictions":[{{error:R}}],"targets":[0],"beta":{{beta}},"dtype":"{{dtype}}"}"""));
            double tolerance = dtype == "float32" ? 2e-6 : 4e-15;
            Assert.True(
                Math.Abs(answer.Loss!.Value - expected) <= tolerance * Math.Abs(expected), $"{answer.Loss:R} in {dtype}, expected {expected:R}");
        }
    }

    [Theory]
    [InlineData("0", "-1", 0, -1.0581976706869327, 0)]
    [InlineData("0", "-5", 0, -1.0006783654906304, 0)]
    [InlineData("-1e-320", "-1", 0, -1.0581976706869327, 0)]
    [InlineData("-0.5", "-0.25", 0.6189069931111919, -1.1767598098168888, 0.3144204881178343)]
    [InlineData("-20", "-800", 20, -1, 0)]
    [InlineData("-1", "0", double.PositiveInfinity, -1.1581976706869326, double.PositiveInfinity)]
    [InlineData("0", "0", 0.06931471805599453, double.NegativeInfinity, double.PositiveInfinity)]
    public void Orpo_OfCertainAnswers_IsTheLimit(string chosen, string rejected, double expected, double onChosen, double onRejected)
    {
        foreach (string dtype in new[] { "float32", "float64" })
        {
            Answer answer = Bench.Ask("orpo_loss",
                $$"""{"policy_chosen_logps":[{{chosen}}],"policy_rejected_logps":[{{rejected}}],"dtype":"{{dtype}}"}""");
            double[] found = [answer.Loss!.Value, answer.Gradients["policy_chosen_logps"][0], answer.Gradients["policy_rejected_logps"][0]];
            double tolerance = dtype == "float32" ? 1e-7 : 1e-15;
            Assert.All(found.Zip([expected, onChosen, onRejected]), pair => Assert.True(
                pair.First.Equals(pair.Second) || Math.Abs(pair.First - pair.Second) <= tolerance * (1 + Math.Abs(pair.Second)),
                $"{pair.First:R} in {dtype}, expected {pair.Second:R}"));
        }
    }

    [Theory]
    [InlineData("-1")]
    [InlineData("-0.1")]
    [InlineData("-900")]
    public void Orpo_AtACertainChosenAnswer_HasTheHessianOfItsNeighbours(string rejected)
    {
        Answer[] answers = Array.ConvertAll<string, Answer>(["0", "-1e-20"], chosen => Bench.Ask("orpo_loss",
            $$"""{"policy_chosen_logps":[{{chosen}}],"policy_rejected_logps":[{{rejected}}],"hessian":"diagonal"}"""));
        foreach ((string input, double[] near) in answers[1].Hessians)
        {
            Assert.Equal(near[0], answers[0].Hessians[input][0], 1e-14);
        }
    }

    private static void Hold(JsonElement expected, double[] found, Question question, string about)
    {
        double relative = question.IsFloat64 ? 1e-13 : 4e-6;
        double smallest = question.IsFloat64 ? 2e-323 : 3e-45;
        int place = 0;
        foreach (JsonElement pair in expected.EnumerateArray())
        {
            double number = pair[0].GetDouble();
            double tolerance = (relative * pair[1].GetDouble()) + smallest;
            if (!question.IsFloat64 && Math.Abs(number) > float.MaxValue)
            {
                number = number > 0 ? double.PositiveInfinity : double.NegativeInfinity;
            }

            Assert.True(found[place].Equals(number) || Math.Abs(found[place] - number) <= tolerance,
                $"[{place}] is {found[place]:R}, should be {number:R} (within {tolerance:R}): {about}, {Near(question, place, found.Length)}");
            place++;
        }

        Assert.Equal(found.Length, place);
    }

    private static string Near(Question question, int place, int of) => string.Join(", ", question.Inputs.Select(input =>
    {
        int size = Math.Max(1, input.Value.Values.Length / of);
        int row = Math.Max(size, 3);
        int start = size == 1 && input.Value.Shape.Length > 1 ? place / row * row : place * size;
        return $"{input.Key}: {string.Join(' ', input.Value.Values.Skip(start).Take(input.Value.Shape.Length > 1 ? 3 : 1))}";
    }));
}

using LossService.Tests.Engine.Harness;
using Xunit;

namespace LossService.Tests.Engine;

/// <summary>The numbers of the catalogue's appendix A: published by others, or computed there and checked.</summary>
[Trait("Set", "Engine")]
public sealed class PublishedNumbersTests
{
    private const string Rows = """ "logits":[[2.3,2.1,4.5],[4.2,3.2,5.1]] """;
    private const string Weight = """ "weight":[25,25,100] """;
    private const string OneHot = """ "targets":[[0,1,0],[0,0,1]] """;

    [Fact]
    public void CrossEntropy_OfPyTorchIssue107680_IsAsPublished()
    {
        Answer items = Bench.Ask("cross_entropy", $$"""{{{Rows}},"targets":[1,2],"reduction":"none"}""");
        Exact([2.58358834711929, 0.4422072900359524], items.Losses);
        Exact(1.5128978185776212, Bench.Ask("cross_entropy", $$"""{{{Rows}},"targets":[1,2]}""").Loss);

        Answer weighted = Bench.Ask("cross_entropy", $$"""{{{Rows}},"targets":[1,2],{{Weight}}}""");
        Exact(0.8704835014526199, weighted.Loss);
        Assert.Equal(("sum_weights", 125), (weighted.Normalizer!.Rule, weighted.Normalizer.Value));
        Exact(
            [0.01844381381031439, -0.1848994824294512, 0.16645566861913685, 0.20901466931921928, 0.07689219974578819, -0.2859068690650075],
            weighted.Gradients["logits"]);
        Exact(54.40521884078874, Bench.Ask("cross_entropy", $$"""{{{Rows}},{{OneHot}},{{Weight}}}""").Loss);

        const string Smooth = """ "label_smoothing":0.1 """;
        Exact(1.5162311519109544, Bench.Ask("cross_entropy", $$"""{{{Rows}},"targets":[1,2],{{Smooth}}}""").Loss);
        Exact(0.8578003101269008, Bench.Ask("cross_entropy", $$"""{{{Rows}},"targets":[1,2],{{Weight}},{{Smooth}}}""").Loss);
        Exact(53.6125193829313, Bench.Ask("cross_entropy", $$"""{{{Rows}},{{OneHot}},{{Weight}},{{Smooth}}}""").Loss);
    }

    [Fact]
    public void CrossEntropy_OfOptaxDocs_IsAsPublished() => Digits(5e-5, [0.2761, 2.9518],
        Bench.Ask("cross_entropy", """{"logits":[[1.2,-0.8,-0.5],[0.9,-1.2,1.1]],"targets":[0,1],"reduction":"none"}""").Losses);

    [Fact]
    public void BinaryCrossEntropy_OfLogits_IsAsComputed()
    {
        Answer answer = Bench.Ask("binary_cross_entropy_with_logits",
            """{"logits":[0,0,2,2,1000,-1000,1000,-1000],"targets":[0,1,0,1,0,1,1,0],"reduction":"none"}""");
        Exact([0.6931471805599453, 0.6931471805599453, 2.1269280110429727, 0.1269280110429725, 1000, 1000, 0, 0], answer.Losses);
    }

    [Fact]
    public void BinaryCrossEntropy_OfKerasDocs_IsAsPublished()
    {
        const string Inputs = """ "logits":[-18.6,0.51,2.94,-12.8],"targets":[0,1,0,0] """;
        Digits(1e-4, [0.8654], [Bench.Ask("binary_cross_entropy_with_logits", $$"""{{{Inputs}}}""").Loss!.Value]);
        Digits(5e-4, [0.691], [Bench.Ask("sigmoid_focal_loss", $$"""{{{Inputs}},"preset":"keras"}""").Loss!.Value]);
        Digits(5e-3, [0.51], [Bench.Ask("sigmoid_focal_loss", $$"""{{{Inputs}}}""").Loss!.Value]);
    }

    [Fact]
    public void CrossEntropy_OfKerasProbabilities_IsAsPublished()
    {
        const string Inputs = """ "p":[[0,1,0],[0,0,1]],"q":[[0.05,0.95,0],[0.1,0.8,0.1]] """;
        Digits(5e-4, [1.177], [Bench.Ask("distribution_cross_entropy", $$"""{{{Inputs}}}""").Loss!.Value]);
        Digits(5e-4, [2.354], [Bench.Ask("distribution_cross_entropy", $$"""{{{Inputs}},"reduction":"sum"}""").Loss!.Value]);
        Digits(5e-4, [0.814], [Bench.Ask("distribution_cross_entropy", $$"""{{{Inputs}},"sample_weight":[0.3,0.7]}""").Loss!.Value]);
    }

    [Fact]
    public void SigmoidFocal_AtSomeLogits_IsAsComputed()
    {
        Answer negative = Focal(0);
        Answer positive = Focal(1);
        Exact([0.0013526721264302813, 0.12996509635498973, 0.28305870064455735, 1.2375586345660565], negative.Losses);
        Exact([0.41251954485535214, 0.04332169878499658, 0.016893372629375913, 0.0004508907088100938], positive.Losses);
        Exact([0.00365320514654457, 0.22371509635499, 0.394613866405937, 0.807535297836361], negative.Gradients["logits"]);
        Exact([-0.26917843261212, -0.0745716987849966, -0.0344842493377286, -0.00121773504884819], positive.Gradients["logits"]);
        Exact([0.009508171738836793, 0.2993575481774949, 0.36979626998644, 0.11592207596725346], negative.Hessians["logits"]);
        Exact([0.038640691989084486, 0.0997858493924983, 0.06011261044508507, 0.003169390579612264], positive.Hessians["logits"]);

        static Answer Focal(int y) => Bench.Ask("sigmoid_focal_loss",
            $$"""{"logits":[-2,0,0.5,2],"targets":[{{y}},{{y}},{{y}},{{y}}],"reduction":"none","hessian":"diagonal"}""");
    }

    [Fact]
    public void SigmoidFocal_Saturated_KeepsItsDigits()
    {
        Exact(750, Bench.Ask("sigmoid_focal_loss", """{"logits":[1000],"targets":[0]}""").Loss);
        Exact(250, Bench.Ask("sigmoid_focal_loss", """{"logits":[-1000],"targets":[1]}""").Loss);
        Assert.Equal(0, Bench.Ask("sigmoid_focal_loss", """{"logits":[1000],"targets":[1],"gamma":0}""").Gradients["logits"][0]);
        Exact([-2.690660989936654e-66],
            Bench.Ask("sigmoid_focal_loss", """{"logits":[100],"targets":[1],"gamma":0.5}""").Gradients["logits"], 1e-13);
        Exact([-7.614989756380175e-09],
            Bench.Ask("sigmoid_focal_loss", """{"logits":[18],"targets":[1],"gamma":0,"alpha":0.5}""").Gradients["logits"]);
    }

    [Fact]
    public void SigmoidFocal_OfMmdetIssue1299_IsAsPublished()
    {
        Answer answer = Bench.Ask("sigmoid_focal_loss", """{"logits":[[0.1,0.5,0.4,0.3]],"targets":[2],"return_items":true}""");
        Exact(0.16725638265909068, answer.Loss);
        Exact([0.15386854675912395, 0.28305870064455735, 0.02065548105505865, 0.21144280217762276], answer.Losses);
        Exact([0.06367399036313966, 0.09865346660148433, -0.01022259031625998, 0.08053246285982821], answer.Gradients["logits"]);
    }

    [Fact]
    public void SigmoidFocal_OfTfaProbabilities_IsAsPublished()
    {
        string logits = string.Join(',', new[] { 0.97, 0.91, 0.03 }.Select(p =>
            Math.Log(p / (1 - p)).ToString("R", System.Globalization.CultureInfo.InvariantCulture)));
        double[] losses = Bench.Ask("sigmoid_focal_loss", $$"""{"logits":[{{logits}}],"targets":[1,1,0],"reduction":"none"}""").Losses;
        double[] published = [6.8532745e-06, 1.9097870e-04, 2.0559824e-05];
        Assert.All(losses.Zip(published), pair => Assert.Equal(1, pair.First / pair.Second, 1e-5));
    }

    [Fact]
    public void L1_OfMmdetsWeightedLoss_IsAsPublished()
    {
        const string Inputs = """ "predictions":[0,2,3],"targets":[1,1,1] """;
        Exact(4.0 / 3, Bench.Ask("l1_loss", $$"""{{{Inputs}}}""").Loss);
        Exact(1, Bench.Ask("l1_loss", $$"""{{{Inputs}},"weight":[1,0,1]}""").Loss);
        Exact(1.5, Bench.Ask("l1_loss", $$"""{{{Inputs}},"weight":[1,0,1],"avg_factor":2}""").Loss);
    }

    [Fact]
    public void GaussianFocal_AtSomeProbabilities_IsAsComputed() => Exact(
        [0.032100744954357364, 0.0008217790708315483, 0.001053605156567152],
        Bench.Ask("gaussian_focal_loss", """{"probabilities":[0.7,0.3,0.1],"targets":[1,0.6,0],"reduction":"none"}""").Losses);

    [Fact]
    public void Information_OfASkewedAndAUniformDistribution_IsAsComputed()
    {
        const string P = """ "p":[0.5,0.25,0.25,0] """;
        const string Q = """ "q":[0.25,0.25,0.25,0.25] """;
        Exact(1.0397207708399179, Bench.Ask("entropy", $$"""{{{P}}}""").Loss);
        Exact(1.5, Bench.Ask("entropy", $$"""{{{P}},"base":"2"}""").Loss);
        Exact(1.3862943611198906, Bench.Ask("distribution_cross_entropy", $$"""{{{P}},{{Q}}}""").Loss);
        Exact(0.34657359027997264, Bench.Ask("kl_divergence", $$"""{{{P}},{{Q}}}""").Loss);
    }

    [Fact]
    public void KdLoss_AtTemperatureFour_IsAsComputed()
    {
        const string Inputs = """ "student_logits":[[1,2,3]],"teacher_logits":[[3,1,0]],"temperature":4 """;
        Exact(0.13465882854241487, Bench.Ask("kd_loss", $$"""{{{Inputs}},"scale_by_t2":false}""").Loss);
        Answer answer = Bench.Ask("kd_loss", $$"""{{{Inputs}}}""");
        Exact(2.154541256678638, answer.Loss);
        Exact([-0.9069962026516161, 0.13895948828394777, 0.7680367143676684], answer.Gradients["student_logits"]);
        Answer mean = Bench.Ask("kd_loss", $$"""{{{Inputs}},"preset":"mmdet"}""");
        Exact(0.7181804188928793, mean.Loss);
        Exact([-0.9069962026516161 / 3, 0.13895948828394777 / 3, 0.7680367143676684 / 3], mean.Gradients["student_logits"]);
        Exact(2.102520780011546, Bench.Ask("kd_loss",
            """{"student_logits":[[3,1,0]],"teacher_logits":[[1,2,3]],"temperature":4}""").Loss);
    }

    [Theory]
    [InlineData(1, 1, false, 5, -0.6, -0.8)]
    [InlineData(1, 2, false, 25, -6, -8)]
    [InlineData(1, 2, true, 12.5, -3, -4)]
    [InlineData(0, 1, false, 1, 0.6, 0.8)]
    [InlineData(0, 2, false, 1, 1.2, 1.6)]
    [InlineData(0, 2, true, 0.5, 0.6, 0.8)]
    public void Contrastive_AtDistanceFive_IsAsComputed(int y, int power, bool half, double loss, double first, double second)
    {
        Answer answer = Bench.Ask("contrastive_loss",
            $$"""{"input1":[[0,0]],"input2":[[3,4]],"targets":[{{y}}],"margin":6,"power":{{power}},"half":{{(half ? "true" : "false")}}}""");
        Exact(loss, answer.Loss);
        Exact([first, second], answer.Gradients["input1"]);
        Exact([-first, -second], answer.Gradients["input2"]);
    }

    [Fact]
    public void Triplet_AtFiveAndTen_IsAsComputed()
    {
        const string Inputs = """ "anchor":[[0,0]],"positive":[[3,4]],"negative":[[6,8]] """;
        Exact(0, Bench.Ask("triplet_margin_loss", $$"""{{{Inputs}}}""").Loss);
        Exact(1, Bench.Ask("triplet_margin_loss", $$"""{{{Inputs}},"margin":6}""").Loss);
    }

    // The numbers of optax' docstring, which prints four digits.
    [Fact]
    public void Triplet_WithOptaxEps_IsAsPublished()
    {
        Answer answer = Bench.Ask("triplet_margin_loss", """
            {"anchor":[[0,0],[1,1]],"positive":[[0.1,0.1],[1.1,1.1]],"negative":[[1,0],[0,1]],"preset":"optax"}
            """);
        Assert.All(answer.Losses, loss => Assert.Equal(0.1414, loss, 5e-5));
        Exact([Math.Sqrt(0.02 + 1e-6) - Math.Sqrt(1 + 1e-6) + 1], answer.Losses[..1]);
        double near = Math.Sqrt(0.02 + 1e-6);
        Exact([(-0.1 / near) + (1 / Math.Sqrt(1 + 1e-6)), -0.1 / near], answer.Gradients["anchor"][..2]);
    }

    [Theory]
    [InlineData("l2", 2)]
    [InlineData("lp", 3)]
    public void Triplet_OfEqualVectorsWithEpsUnderTheRoot_HasTheRootOfEpsAndNoSlope(string distance, double power)
    {
        Answer answer = Bench.Ask("triplet_margin_loss", $$"""
            {"anchor":[[1,2]],"positive":[[1,2]],"negative":[[1,2]],"distance":"{{distance}}","p":{{power}},"eps":0.001,
             "eps_mode":"under_root","margin":0.25,"reduction":"none"}
            """);
        Exact([0.25], answer.Losses);
        Assert.All(answer.Gradients.Values.SelectMany(slopes => slopes), slope => Assert.Equal(0, slope));
        Answer far = Bench.Ask("triplet_margin_loss", $$"""
            {"anchor":[[1,2]],"positive":[[1,2]],"negative":[[1,3]],"distance":"{{distance}}","p":{{power}},"eps":0.001,
             "eps_mode":"under_root","margin":3,"reduction":"none"}
            """);
        Exact([Math.Pow(0.001, 1 / power) - Math.Pow(1.001, 1 / power) + 3], far.Losses);
    }

    [Fact]
    public void Triplet_WithAndWithoutPyTorchsEps_IsAsComputed()
    {
        const string Inputs = """ "anchor":[[1,2]],"positive":[[1.5,1]],"negative":[[0,1]] """;
        Answer torch = Bench.Ask("triplet_margin_loss", $$"""{{{Inputs}},"preset":"pytorch"}""");
        Exact(0.7038194593776381, torch.Loss);
        Exact([-1.15431930337398, 0.187320946468824], torch.Gradients["anchor"]);
        Exact([0.447212522187436, -0.894427727655372], torch.Gradients["positive"]);
        Exact([0.707106781186547, 0.707106781186547], torch.Gradients["negative"]);
        Exact(0.7038204263767998, Bench.Ask("triplet_margin_loss", $$"""{{{Inputs}}}""").Loss);
    }

    [Fact]
    public void CosineEmbedding_AtFortyFiveDegrees_IsAsComputed()
    {
        Answer like = Bench.Ask("cosine_embedding_loss", """{"input1":[[1,2]],"input2":[[3,1]],"targets":[1]}""");
        Digits(1e-12, [0.29289321881355856], [like.Loss!.Value]);
        Digits(1e-9, [-0.2828427125, 0.1414213562], like.Gradients["input1"]);
        Digits(1e-9, [0.0707106781, -0.2121320344], like.Gradients["input2"]);
        Answer unlike = Bench.Ask("cosine_embedding_loss", """{"input1":[[1,2]],"input2":[[3,1]],"targets":[-1],"margin":0.5}""");
        Digits(1e-12, [0.20710678118644144], [unlike.Loss!.Value]);
        Digits(1e-9, [0.2828427125, -0.1414213562], unlike.Gradients["input1"]);
    }

    // The appendix prints 15 to 17 digits; the last of 15 may be half a unit off.
    private static void Exact(double expected, double? found, double relative = 1e-14) => Exact([expected], [found!.Value], relative);

    private static void Exact(double[] expected, double[] found, double relative = 1e-14)
    {
        Assert.Equal(expected.Length, found.Length);
        foreach ((double left, double right) in expected.Zip(found))
        {
            Assert.True(Math.Abs(left - right) <= relative * Math.Abs(left), $"expected {left:R}, found {right:R}");
        }
    }

    private static void Digits(double within, double[] expected, double[] found)
    {
        Assert.Equal(expected.Length, found.Length);
        Assert.All(expected.Zip(found), pair => Assert.InRange(pair.Second, pair.First - within, pair.First + within));
    }
}

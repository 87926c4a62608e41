using LossService.Conformance.Oracles.Harness;
using Xunit;

namespace LossService.Conformance.Oracles;

/// <summary>The oracles against numbers that others published or that were checked by finite differences.</summary>
public class PublishedNumbersTests : OracleTest
{
    private static readonly double[,] Scores = { { 2.3, 2.1, 4.5 }, { 4.2, 3.2, 5.1 } };

    /// <summary>pytorch/pytorch#107680: labels divide by the sum of weights, one-hot rows by their count.</summary>
    [SkippableTheory]
    [InlineData(false, 0, null, 1.5128978185776212)]
    [InlineData(false, 0, true, 0.8704835014526199)]
    [InlineData(true, 0, true, 54.40521884078874)]
    [InlineData(false, 0.1, null, 1.5162311519109544)]
    [InlineData(false, 0.1, true, 0.8578003101269008)]
    [InlineData(true, 0.1, true, 53.6125193829313)]
    public void CrossEntropy_PyTorch107680(bool oneHot, double smoothing, bool? weighted, double expected)
    {
        double[,] rows = { { 0, 1, 0 }, { 0, 0, 1 } };
        OracleAnswer answer = Ask(
            "cross_entropy",
            ("logits", Scores),
            oneHot ? ("targets", rows) : ("targets", new double[] { 1, 2 }),
            ("label_smoothing", smoothing),
            weighted is true ? ("weight", new double[] { 25, 25, 100 }) : ("reduction", "mean"));

        Near(expected, answer.Loss);
    }

    [SkippableFact]
    public void CrossEntropy_PyTorch107680_ItemsGradientsAndNormalizer()
    {
        OracleAnswer plain = Ask(
            "cross_entropy", ("logits", Scores), ("targets", new double[] { 1, 2 }), ("reduction", "none"));
        Near([2.58358834711929, 0.4422072900359524], plain.Losses);
        Assert.Null(plain.Loss);
        Assert.Null(plain.Normalizer);

        OracleAnswer weighted = Ask(
            "cross_entropy",
            ("logits", Scores), ("targets", new double[] { 1, 2 }), ("weight", new double[] { 25, 25, 100 }));
        Assert.Equal(("sum_weights", 125.0), weighted.Normalizer);
        Near(
            [
                0.01844381381031439, -0.1848994824294512, 0.16645566861913685,
                0.20901466931921928, 0.07689219974578819, -0.2859068690650075,
            ],
            weighted.Gradients["logits"]);
    }

    /// <summary>The example of our own contract, api.md.</summary>
    [SkippableFact]
    public void CrossEntropy_Contract()
    {
        OracleAnswer answer = Ask(
            "cross_entropy",
            ("logits", new double[,] { { 2.0, 1.0, 0.1 }, { 0.5, 2.5, -1.0 } }), ("targets", new double[] { 0, 1 }));

        Near(0.285104111700061, answer.Loss);
        Near([0.417030016277834, 0.153178207122288], answer.Losses);
        Near(
            [-0.17049943, 0.12121648, 0.049282946, 0.058057267, -0.071011595, 0.012954327],
            answer.Gradients["logits"],
            tolerance: 1e-7);
    }

    /// <summary>The documentation of optax.</summary>
    [SkippableFact]
    public void CrossEntropy_Optax() => Near(
        [0.2761, 2.9518],
        Ask(
            "cross_entropy",
            ("logits", new double[,] { { 1.2, -0.8, -0.5 }, { 0.9, -1.2, 1.1 } }),
            ("targets", new double[] { 0, 1 })).Losses,
        tolerance: 2e-4);

    [SkippableFact]
    public void BinaryCrossEntropyWithLogits_AtZeroTwoAndFarOut()
    {
        OracleAnswer answer = Ask(
            "binary_cross_entropy_with_logits",
            ("logits", new double[] { 0, 0, 2, 2, 1000, 1000, -1000, 40 }),
            ("targets", new double[] { 0, 1, 0, 1, 0, 1, 1, 1 }),
            ("reduction", "sum"));

        Near([Math.Log(2), Math.Log(2), 2.1269280110429727, 0.1269280110429725, 1000, 0, 1000], answer.Losses);
        Assert.Equal(4.248354255291589e-18, answer.Losses.Values[7], 1e-31);
        Assert.Equal(-4.248354255291589e-18, answer.Gradients["logits"].Values[7], 1e-31);
    }

    /// <summary>The documentation of Keras.</summary>
    [SkippableFact]
    public void BinaryLosses_Keras()
    {
        double[] logits = [-18.6, 0.51, 2.94, -12.8];
        double[] targets = [0, 1, 0, 0];

        Near(0.8654, Ask("binary_cross_entropy_with_logits", ("logits", logits), ("targets", targets)).Loss, 1e-4);
        Near(0.691, Ask("sigmoid_focal_loss", ("logits", logits), ("targets", targets), ("alpha", null)).Loss, 1e-3);
        Near(0.51, Ask("sigmoid_focal_loss", ("logits", logits), ("targets", targets)).Loss, 1e-2);
    }

    /// <summary>The documentation of Keras: CategoricalCrossentropy on probabilities.</summary>
    [SkippableFact]
    public void DistributionCrossEntropy_Keras()
    {
        double[,] p = { { 0, 1, 0 }, { 0, 0, 1 } };
        double[,] q = { { 0.05, 0.95, 0 }, { 0.1, 0.8, 0.1 } };
        const string Loss = "distribution_cross_entropy";

        OracleAnswer answer = Ask(Loss, ("p", p), ("q", q));
        Near(1.177, answer.Loss, 1e-3);
        Near([0, -1 / 0.95 / 2, 0, 0, 0, -1 / 0.1 / 2], answer.Gradients["q"]);
        Near(2.354, Ask(Loss, ("p", p), ("q", q), ("reduction", "sum")).Loss, 1e-3);
        Near(0.814, Ask(Loss, ("p", p), ("q", q), ("sample_weight", new[] { 0.3, 0.7 })).Loss, 1e-3);
    }

    /// <summary>Value, gradient and Hessian of the catalogue's table for α = 0.25, γ = 2.</summary>
    [SkippableFact]
    public void SigmoidFocal_Table()
    {
        OracleAnswer answer = Ask(
            "sigmoid_focal_loss",
            ("logits", new[] { -2, 0, 0.5, 2, -2, 0, 0.5, 2 }),
            ("targets", new double[] { 0, 0, 0, 0, 1, 1, 1, 1 }),
            ("reduction", "sum"),
            ("hessian", "diagonal"));

        Near(
            [
                0.0013526721264302813, 0.12996509635498973, 0.28305870064455735, 1.2375586345660565,
                0.41251954485535214, 0.04332169878499658, 0.016893372629375913, 0.0004508907088100938,
            ],
            answer.Losses);
        Near(
            [
                0.00365320514654457, 0.22371509635499, 0.394613866405937, 0.807535297836361,
                -0.26917843261212, -0.0745716987849966, -0.0344842493377286, -0.00121773504884819,
            ],
            answer.Gradients["logits"]);
        Near(
            [
                0.009508171738836793, 0.2993575481774949, 0.36979626998644, 0.11592207596725346,
                0.038640691989084486, 0.0997858493924983, 0.06011261044508507, 0.003169390579612264,
            ],
            answer.Hessians["logits"]);
    }

    [SkippableTheory]
    [InlineData(1000, 0, 2, 0.25, 750, 0.75)]
    [InlineData(-1000, 1, 2, 0.25, 250, -0.25)]
    [InlineData(1000, 1, 0, 0.25, 0, 0)]
    [InlineData(18, 1, 0, 0.5, 7.614989814368244e-09, -7.614989756380175e-09)]
    public void SigmoidFocal_Saturated(double x, double y, double gamma, double alpha, double loss, double gradient)
    {
        OracleAnswer answer = Ask(
            "sigmoid_focal_loss",
            ("logits", new[] { x }), ("targets", new[] { y }), ("gamma", gamma), ("alpha", alpha));

        Assert.Equal(loss, answer.Loss!.Value, 1e-13 * loss);
        Assert.Equal(gradient, answer.Gradients["logits"].Values[0], 1e-13 * Math.Abs(gradient));
    }

    /// <summary>Kornia and optax once answered NaN here.</summary>
    [SkippableFact]
    public void SigmoidFocal_GammaBelowOneFarOut() => Assert.Equal(
        -2.690660989936654e-66,
        Ask(
            "sigmoid_focal_loss",
            ("logits", new double[] { 100 }), ("targets", new double[] { 1 }), ("gamma", 0.5))
            .Gradients["logits"].Values[0],
        1e-78);

    /// <summary>open-mmlab/mmdetection#1299, where the label counted from one: here it is 1.</summary>
    [SkippableFact]
    public void SigmoidFocal_Mmdet1299()
    {
        OracleAnswer answer = Ask(
            "sigmoid_focal_loss",
            ("logits", new[,] { { 0.1, 0.5, 0.4, 0.3 } }), ("targets", new double[] { 2 }));

        Near(0.16725638265909068, answer.Loss);
        Near([0.15386854675912395, 0.28305870064455735, 0.02065548105505865, 0.21144280217762276], answer.Losses);
        Near(
            [0.06367399036313966, 0.09865346660148433, -0.01022259031625998, 0.08053246285982821],
            answer.Gradients["logits"]);
    }

    /// <summary>The label after the last class is the background: a row of negatives.</summary>
    [SkippableFact]
    public void SigmoidFocal_BackgroundLabel_IsARowOfZeros()
    {
        double[,] logits = { { 0.1, 0.5, 0.4, 0.3 } };

        Assert.Equal(
            Ask("sigmoid_focal_loss", ("logits", logits), ("targets", new double[,] { { 0, 0, 0, 0 } })).Losses.Values,
            Ask("sigmoid_focal_loss", ("logits", logits), ("targets", new double[] { 4 })).Losses.Values);
    }

    /// <summary>The tests of mmdetection's weighted_loss.</summary>
    [SkippableFact]
    public void L1_MmdetWeightedLoss()
    {
        (string, object?) predictions = ("predictions", new double[] { 0, 2, 3 });
        (string, object?) targets = ("targets", new double[] { 1, 1, 1 });
        (string, object?) weight = ("weight", new double[] { 1, 0, 1 });

        Near(4.0 / 3, Ask("l1_loss", predictions, targets).Loss);
        Near(1, Ask("l1_loss", predictions, targets, weight).Loss);
        OracleAnswer averaged = Ask("l1_loss", predictions, targets, weight, ("avg_factor", 2.0));
        Near(1.5, averaged.Loss);
        Assert.Equal(("avg_factor", 2.0), averaged.Normalizer);
        Near([-0.5, 0, 0.5], averaged.Gradients["predictions"]);
    }

    [SkippableFact]
    public void GaussianFocal_Table() => Near(
        [0.032100744954357364, 0.0008217790708315483, 0.001053605156567152],
        Ask(
            "gaussian_focal_loss",
            ("probabilities", new[] { 0.7, 0.3, 0.1 }), ("targets", new[] { 1, 0.6, 0 })).Losses,
        tolerance: 1e-11);

    [SkippableFact]
    public void Information_HalfQuarterQuarterNone()
    {
        (string, object?) p = ("p", new[] { 0.5, 0.25, 0.25, 0 });
        (string, object?) q = ("q", new[] { 0.25, 0.25, 0.25, 0.25 });

        Near(1.0397207708399179, Ask("entropy", p).Loss);
        Near(1.5, Ask("entropy", p, ("base", "2")).Loss);
        Near(1.3862943611198906, Ask("distribution_cross_entropy", p, q).Loss);
        Near(0.34657359027997264, Ask("kl_divergence", p, q).Loss);
        Near([1, 2, 2, double.PositiveInfinity], Ask("self_information", p, ("base", "2")).Losses);
    }

    [SkippableFact]
    public void KnowledgeDistillation_AtTemperatureFour()
    {
        (string, object?) student = ("student_logits", new double[,] { { 1, 2, 3 } });
        (string, object?) teacher = ("teacher_logits", new double[,] { { 3, 1, 0 } });

        OracleAnswer answer = Ask("kd_loss", student, teacher, ("temperature", 4.0));
        Near(2.154541256678638, answer.Loss);
        Near([-0.9069962026516161, 0.13895948828394777, 0.7680367143676684], answer.Gradients["student_logits"]);
        Near(
            0.13465882854241487,
            Ask("kd_loss", student, teacher, ("temperature", 4.0), ("scale_by_t2", false)).Loss);
    }

    [SkippableTheory]
    [InlineData(1, 1, false, 5, -0.6, -0.8)]
    [InlineData(1, 2, false, 25, -6, -8)]
    [InlineData(1, 2, true, 12.5, -3, -4)]
    [InlineData(0, 1, false, 1, 0.6, 0.8)]
    [InlineData(0, 2, false, 1, 1.2, 1.6)]
    [InlineData(0, 2, true, 0.5, 0.6, 0.8)]
    public void Contrastive_ThreeFourFive(
        double label, double power, bool half, double loss, double first, double second)
    {
        OracleAnswer answer = Ask(
            "contrastive_loss",
            ("input1", new double[,] { { 0, 0 } }), ("input2", new double[,] { { 3, 4 } }),
            ("targets", new[] { label }), ("margin", 6.0), ("power", power), ("half", half));

        Near(loss, answer.Loss);
        Near([first, second], answer.Gradients["input1"]);
        Near([-first, -second], answer.Gradients["input2"]);
    }

    [SkippableFact]
    public void TripletMargin_WithAndWithoutEps()
    {
        (string, object?)[] triplet =
        [
            ("anchor", new double[,] { { 1, 2 } }),
            ("positive", new[,] { { 1.5, 1 } }),
            ("negative", new double[,] { { 0, 1 } }),
        ];

        OracleAnswer torch = Ask("triplet_margin_loss", [.. triplet, ("eps", 1e-6)]);
        Near(0.7038194593776381, torch.Loss);
        Near([-1.15431930337398, 0.187320946468824], torch.Gradients["anchor"]);
        Near([0.447212522187436, -0.894427727655372], torch.Gradients["positive"]);
        Near([0.707106781186547, 0.707106781186547], torch.Gradients["negative"], 1e-12);
        Near(0.7038204263767998, Ask("triplet_margin_loss", triplet).Loss);
    }

    [SkippableFact]
    public void CosineEmbedding_BothLabels()
    {
        (string, object?) first = ("input1", new double[,] { { 1, 2 } });
        (string, object?) second = ("input2", new double[,] { { 3, 1 } });

        OracleAnswer alike = Ask("cosine_embedding_loss", first, second, ("targets", new double[] { 1 }));
        Near(0.29289321881355856, alike.Loss);
        Near([-0.2828427125, 0.1414213562], alike.Gradients["input1"], 1e-9);
        Near([0.0707106781, -0.2121320344], alike.Gradients["input2"], 1e-9);

        OracleAnswer unlike = Ask(
            "cosine_embedding_loss", first, second, ("targets", new double[] { -1 }), ("margin", 0.5));
        Near(0.20710678118644144, unlike.Loss);
        Near([0.2828427125, -0.1414213562], unlike.Gradients["input1"], 1e-9);
    }
}

using LossService.Conformance.Native;
using LossService.Conformance.Oracles.Harness;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace LossService.Conformance.Oracles;

/// <summary>
/// Where torch has the loss, an oracle composed from smaller operations must agree with it in loss and gradient, in the
/// range where torch's own function keeps its digits.
/// </summary>
public class TorchsOwnFunctionTests : OracleTest
{
    private const int Rows = 7;
    private const int Classes = 5;

    [SkippableFact]
    public void CrossEntropy_Labels() => Compare(
        "cross_entropy",
        (x, y) => F.cross_entropy(x, y.to(ScalarType.Int64), ignore_index: 2),
        Random("logits", seed: 1, -3, 3, Rows, Classes), Labels, ("ignore_index", 2));

    [SkippableFact]
    public void CrossEntropy_LabelsOfPixels_WeightedAndSmoothed()
    {
        (string Name, object? Value) weight = Random("weight", seed: 2, 0, 3, Classes);
        Compare(
            "cross_entropy",
            (x, y) => F.cross_entropy(x, y.to(ScalarType.Int64), ToTensor(weight), label_smoothing: 0.2),
            Random("logits", seed: 1, -3, 3, 2, Classes, 2, 3),
            ("targets", new OracleArray([0, 1, 2, 3, 4, 0, 1, 2, 3, 4, 0, 1], 2, 2, 3)),
            weight,
            ("label_smoothing", 0.2));
    }

    [SkippableFact]
    public void CrossEntropy_Probabilities() => Compare(
        "cross_entropy",
        (x, y) => F.cross_entropy(x, y, label_smoothing: 0.1),
        Random("logits", seed: 1, -3, 3, Rows, Classes), Random("targets", seed: 2, 0, 1, Rows, Classes),
        ("label_smoothing", 0.1));

    /// <summary>Torch's own gradient is that of the logits behind, so it is asked for that.</summary>
    [SkippableFact]
    public void Ctc_OfPackedLabels() => Compare(
        "ctc_loss",
        (x, y) => F.ctc_loss(
            F.log_softmax(x, 2), y.to(ScalarType.Int64), tensor([Rows, Rows - 1]), tensor([3L, 2L])),
        Random("logits", seed: 1, -3, 3, Rows, 2, Classes), ("targets", new double[] { 1, 1, 4, 2, 3 }),
        ("input_lengths", new double[] { Rows, Rows - 1 }), ("target_lengths", new double[] { 3, 2 }));

    [SkippableFact]
    public void NegativeLogLikelihood_Labels() => Compare(
        "nll_loss",
        (x, y) => F.nll_loss(x, y.to(ScalarType.Int64)),
        Random("log_probabilities", seed: 1, -4, 0, Rows, Classes), Labels);

    [SkippableFact]
    public void BinaryCrossEntropyWithLogits_PositiveWeighted()
    {
        (string Name, object? Value) weight = Random("pos_weight", seed: 3, 0, 3, Classes);
        Compare(
            "binary_cross_entropy_with_logits",
            (x, y) => F.binary_cross_entropy_with_logits(x, y, pos_weights: ToTensor(weight)),
            Random("logits", seed: 1, -3, 3, Rows, Classes), Random("targets", seed: 2, 0, 1, Rows, Classes), weight);
    }

    [SkippableTheory]
    [InlineData("mean")]
    [InlineData("batchmean")]
    public void KlDivergence_OfLogQ(string reduction) => Compare(
        "kl_divergence",
        (q, p) => reduction == "mean"
            ? F.kl_div(q, p, log_target: false)
            : F.kl_div(q, p, log_target: false, nn.Reduction.Sum) / Rows,
        Random("log_q", seed: 1, -3, 0, Rows, Classes), Random("p", seed: 2, 0.1, 1, Rows, Classes),
        ("reduction", reduction), ("class_reduction", reduction == "mean" ? "none" : "sum"));

    [SkippableFact]
    public void KlDivergence_OfLogP() => Compare(
        "kl_divergence",
        (q, p) => F.kl_div(q, p, log_target: true, nn.Reduction.Sum),
        Random("log_q", seed: 1, -3, 0, Rows, Classes), Random("log_p", seed: 2, -3, 0, Rows, Classes),
        ("reduction", "sum"));

    [SkippableTheory]
    [InlineData(false)]
    [InlineData(true)]
    public void TripletMargin_EpsAndSwap(bool swap)
    {
        (string Name, object? Value) negative = Random("negative", seed: 3, -1, 1, Rows, Classes);
        Compare(
            "triplet_margin_loss",
            (a, p) => F.triplet_margin_loss(a, p, ToTensor(negative), eps: 1e-6, swap: swap),
            Random("anchor", seed: 1, -1, 1, Rows, Classes), Random("positive", seed: 2, -1, 1, Rows, Classes),
            negative, ("eps", 1e-6), ("swap", swap));
    }

    [SkippableFact]
    public void MarginRanking_WithMargin() => Compare(
        "margin_ranking_loss",
        (a, b) => F.margin_ranking_loss(a, b, ToTensor(Signs), margin: 0.3),
        Random("input1", seed: 1, -1, 1, Rows), Random("input2", seed: 2, -1, 1, Rows), Signs, ("margin", 0.3));

    [SkippableFact]
    public void CosineEmbedding_WithMargin() => Compare(
        "cosine_embedding_loss",
        (a, b) => F.cosine_embedding_loss(a, b, ToTensor(Signs), margin: 0.1),
        Random("input1", seed: 1, -1, 1, Rows, Classes), Random("input2", seed: 2, -1, 1, Rows, Classes),
        Signs, ("margin", 0.1));

    [SkippableFact]
    public void HingeEmbedding_WithMargin() => Compare(
        "hinge_embedding_loss",
        (x, y) => F.hinge_embedding_loss(x, y, margin: 0.7),
        Random("distances", seed: 1, 0, 2, Rows), Signs, ("margin", 0.7));

    [SkippableTheory]
    [InlineData(true, false)]
    [InlineData(true, true)]
    [InlineData(false, true)]
    public void PoissonNll_InEveryForm(bool logInput, bool full) => Compare(
        "poisson_nll_loss",
        (x, y) => F.poisson_nll_loss(x, y, logInput, full, eps: 0),
        Random("predictions", seed: 1, 0.1, 2, Rows), Random("targets", seed: 2, 0, 4, Rows),
        ("log_input", logInput), ("full", full), ("eps", 0.0)); // TorchSharp's eps does not arrive as 1e-8

    /// <summary>Without the constant of full, which TorchSharp rounds to float32.</summary>
    [SkippableFact]
    public void GaussianNll_OfVariances_SomeClamped()
    {
        (string Name, object? Value) variances = Random("variances", seed: 3, 0, 2, Rows);
        Compare(
            "gaussian_nll_loss",
            (x, y) => F.gaussian_nll_loss(x, y, ToTensor(variances), false, 0.5f),
            Random("predictions", seed: 1, -1, 1, Rows), Random("targets", seed: 2, -1, 1, Rows), variances,
            ("eps", 0.5));
    }

    [SkippableFact]
    public void SoftMargin_OfSigns() => Compare(
        "soft_margin_loss",
        (x, y) => F.soft_margin_loss(x, y),
        Random("logits", seed: 1, -3, 3, Rows), Signs);

    [SkippableFact]
    public void MultilabelSoftMargin_Weighted()
    {
        (string Name, object? Value) weight = Random("weight", seed: 3, 0, 3, Classes);
        Compare(
            "multilabel_soft_margin_loss",
            (x, y) => F.multilabel_soft_margin_loss(x, y, ToTensor(weight)),
            Random("logits", seed: 1, -3, 3, Rows, Classes), Random("targets", seed: 2, 0, 1, Rows, Classes), weight);
    }

    private static (string Name, object? Value) Labels => ("targets", new double[] { 0, 1, 2, 3, 4, 2, 0 });

    private static (string Name, object? Value) Signs => ("targets", new double[] { 1, -1, 1, 1, -1, -1, 1 });

    private static (string Name, object? Value) Random(
        string name, int seed, double low, double high, params long[] shape)
    {
        var random = new Random(seed);
        long count = shape.Aggregate(1L, (product, length) => product * length);
        double[] values = [.. Enumerable.Range(0, (int)count).Select(_ => low + ((high - low) * random.NextDouble()))];
        return (name, new OracleArray(values, shape));
    }

    private static Tensor ToTensor((string Name, object? Value) member) => member.Value switch
    {
        OracleArray array => tensor(array.Values, array.Shape),
        _ => tensor((double[])member.Value!),
    };

    /// <summary>Compares loss and gradient of the first input; torch's function takes the first two inputs.</summary>
    private static void Compare(
        string loss, Func<Tensor, Tensor, Tensor> own, params (string Name, object? Value)[] members)
    {
        OracleAnswer answer = Ask(loss, members);

        using Tensor first = ToTensor(members[0]).requires_grad_();
        using Tensor second = ToTensor(members[1]);
        using Tensor expected = own(first, second);
        expected.backward();
        Near(expected.item<double>(), answer.Loss, 1e-12);
        Near([.. first.grad!.data<double>()], answer.Gradients[members[0].Name], 1e-12);
    }
}

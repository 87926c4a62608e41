using TorchSharp;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace LossService.Benchmarks.Kernels;

/// <summary>One row of the table: a loss with its inputs, the same in libtorch, and what the ratio should be.</summary>
/// <param name="Loss">The loss's name.</param>
/// <param name="Work">The row's name.</param>
/// <param name="Inputs">What is given to everyone.</param>
/// <param name="Torch">The same loss, from the inputs in their order.</param>
/// <param name="Primitives">The same loss of TensorPrimitives; from the inputs and, for every leaf, room for its gradient. Null
/// where nobody would compose it so.</param>
internal sealed record KernelCase(
    string Loss, string Work, IReadOnlyList<Given> Inputs, Func<Tensor[], Tensor> Torch, Composition? Primitives)
{
    /// <summary>Parameters that are not at their default.</summary>
    public IReadOnlyDictionary<string, double> Parameters { get; init; } = new Dictionary<string, double>();

    /// <summary>libtorch over ours on one thread and on two.</summary>
    public (double? One, double? Two) Target { get; init; }

    /// <summary>The same once libtorch's page faults are tuned away.</summary>
    public double? TargetTuned { get; init; }

    /// <summary>How many numbers the first input has.</summary>
    public int Elements => Inputs[0].Floats!.Length;

    public static KernelCase CrossEntropy(int rows, int classes) => new(
        "cross_entropy", $"cross_entropy ({rows},{classes})",
        [Given.Leaf("logits", 1, 2, rows, classes), Given.Classes("targets", 2, rows, classes)],
        given => F.cross_entropy(given[0], given[1]), Composed.CrossEntropy);

    /// <summary>A class a pixel: classes stand on the second of four axes.</summary>
    public static KernelCase Segmentation(int images, int classes, int height, int width) => new(
        "cross_entropy", $"cross_entropy ({images},{classes},{height},{width})",
        [
            Given.Leaf("logits", 1, 2, images, classes, height, width),
            Given.Classes("targets", 2, images * height * width, classes) with { Shape = [images, height, width] },
        ],
        given => F.cross_entropy(given[0], given[1]), Composed.Segmentation);

    public static KernelCase BceWithLogits(int n) => new(
        "binary_cross_entropy_with_logits", $"bce_with_logits {Short(n)}",
        [Given.Leaf("logits", 1, 3, n), Given.Bits("targets", 2, n)],
        given => F.binary_cross_entropy_with_logits(given[0], given[1]), Composed.BceWithLogits);

    public static KernelCase SigmoidFocal(int n) => new(
        "sigmoid_focal_loss", $"sigmoid_focal {Short(n)}",
        [Given.Leaf("logits", 1, 3, n), Given.Bits("targets", 2, n)], TorchFocal, Composed.SigmoidFocal);

    public static KernelCase SmoothL1(int n) => new(
        "smooth_l1_loss", $"smooth_l1 {Short(n)}",
        [Given.Leaf("predictions", 1, 1.5, n), Given.Numbers("targets", 2, 1, n)],
        given => F.smooth_l1_loss(given[0], given[1]), Composed.SmoothL1);

    public static KernelCase Distillation(int rows, int classes) => new(
        "kd_loss", $"kd T=4 ({rows},{classes})",
        [Given.Leaf("student_logits", 1, 2, rows, classes), Given.Numbers("teacher_logits", 2, 2, rows, classes)],
        given => F.kl_div(
            F.log_softmax(given[0] / 4, 1), F.log_softmax(given[1] / 4, 1), true, nn.Reduction.Sum) * (16.0 / rows),
        Composed.Distillation)
    { Parameters = new Dictionary<string, double> { ["temperature"] = 4 } };

    public static KernelCase TripletMargin(int rows, int width) => new(
        "triplet_margin_loss", $"triplet_margin ({rows},{width})",
        [
            Given.Leaf("anchor", 1, 1, rows, width),
            Given.Leaf("positive", 2, 1, rows, width),
            Given.Leaf("negative", 3, 1, rows, width),
        ],
        given => F.triplet_margin_loss(given[0], given[1], given[2]),
        Composed.TripletMargin)
    { Parameters = new Dictionary<string, double> { ["eps"] = 1e-6 } };

    /// <summary>Two views of each thing: row i and row i + half.</summary>
    public static KernelCase NtXent(int rows, int width) => new(
        "nt_xent_loss", $"nt_xent ({rows},{width})",
        [
            Given.Leaf("embeddings", 1, 1, rows, width),
            new("labels", [rows], null, [.. Enumerable.Range(0, rows).Select(i => i % (rows / 2))], false),
        ],
        TorchNtXent, null);

    /// <summary>The same with numbers so small that float32 has few digits for them; labels stay.</summary>
    public KernelCase OfDenormals() => this with
    {
        Work = $"{Work} of denormals",
        Inputs = [.. Inputs.Select(input => input.OfDenormals())],
    };

    // As SimCLR is usually written.
    private static Tensor TorchNtXent(Tensor[] given)
    {
        long rows = given[0].shape[0];
        Tensor z = F.normalize(given[0], dim: 1);
        Tensor scores = z.matmul(z.t()) / 0.5;
        Tensor self = eye(rows, dtype: ScalarType.Bool);
        return F.cross_entropy(scores.masked_fill(self, double.NegativeInfinity), (arange(rows) + (rows / 2)).remainder(rows));
    }

    // As torchvision's sigmoid_focal_loss is written.
    private static Tensor TorchFocal(Tensor[] given)
    {
        (Tensor x, Tensor y) = (given[0], given[1]);
        Tensor p = sigmoid(x);
        Tensor entropy = F.binary_cross_entropy_with_logits(x, y, reduction: nn.Reduction.None);
        Tensor hit = (p * y) + ((1 - p) * (1 - y));
        Tensor faded = entropy * (1 - hit).pow(2);
        Tensor weight = (0.25 * y) + (0.75 * (1 - y));
        return (weight * faded).mean();
    }

    private static string Short(int n) => n switch
    {
        >= 1_000_000 when n % 1_000_000 == 0 => $"{n / 1_000_000}M",
        >= 1_000 when n % 1_000 == 0 => $"{n / 1_000}k",
        _ => $"{n}",
    };
}

using LossService.Engine.Numerics;

namespace LossService.Engine.Cards;

/// <summary>The members that every loss takes beside its own.</summary>
public static class Common
{
    /// <summary>The name under which a card lists class or element weights of its own.</summary>
    public const string WeightName = "weight";

    /// <summary>The member that lists the inputs to differentiate.</summary>
    public const string GradientsName = "gradients";

    /// <summary>How the items become one number.</summary>
    public static Parameter Reduction { get; } = Parameter.Choice(
        "reduction", ["mean", "sum", "none", "batchmean"],
        "How the items become one number: mean, sum, none; batchmean (the sum over the length of the first axis) where the loss has it.");

    /// <summary>Wins over <see cref="Reduction"/>.</summary>
    public static Parameter ReductionOverride { get; } = Parameter.Choice(
        "reduction_override", ["mean", "sum", "none", "batchmean"],
        "Wins over reduction; null falls back to it.", nullable: true);

    /// <summary>What a mean divides by instead of the count.</summary>
    public static Parameter AvgFactor { get; } = Parameter.Number(
        "avg_factor", double.NaN,
        "What a mean divides by, detection style; an error with sum. 0 only where avg_factor_eps is added.", min: 0);

    /// <summary>What is added to <see cref="AvgFactor"/>.</summary>
    public static Parameter AvgFactorEps { get; } = Parameter.Number(
        "avg_factor_eps", 0, "What is added to avg_factor; mmdet from 2.23 adds 1.1920929e-07.", min: 0);

    /// <summary>A final multiplier.</summary>
    public static Parameter LossWeight { get; } = Parameter.Number(
        "loss_weight", 1, "Multiplies the reduced loss and its gradients.");

    /// <summary>Second derivatives.</summary>
    public static Parameter Hessian { get; } = Parameter.Choice(
        "hessian", ["none", "diagonal", "upper_bound", "xgboost", "lightgbm", HessianForm.Magnitude],
        "Also the diagonal of the second derivative of each differentiated input; where the loss has them, what bounds the whole matrix, what a library of boosted trees takes, or the magnitude of the gradient.");

    /// <summary>The least second derivative.</summary>
    public static Parameter HessianFloor { get; } = Parameter.Number(
        "hessian_floor", double.NaN, "Second derivatives below this count as this, before weights; boosted trees have 1e-16.", min: 0);

    /// <summary>Unreduced losses too.</summary>
    public static Parameter ReturnItems { get; } = Parameter.Flag(
        "return_items", false, "Also the unreduced losses, whatever the reduction.");

    /// <summary>The precision of everything.</summary>
    public static Parameter Dtype { get; } = Parameter.Choice(
        "dtype", ["float32", "float64"], "The precision that numbers are read, computed and answered in.");

    /// <summary>How tensors are written in the answer.</summary>
    public static Parameter Encoding { get; } = Parameter.Choice(
        "encoding", ["mirror", "nested", "flat", "base64"],
        "How tensors are written in the answer; mirror takes the form of the tensor's own input.");

    /// <summary>The mean over nothing.</summary>
    public static Parameter Empty { get; } = Parameter.Choice(
        "empty", ["zero", "nan", "error"], "What a mean over nothing is: 0 with a note, NaN, or an error.");

    /// <summary>NaN in JSON.</summary>
    public static Parameter NonFinite { get; } = Parameter.Choice(
        "non_finite", ["string", "null", "error"], "How NaN and infinities leave in JSON.");

    /// <summary>Subgradients.</summary>
    public static Parameter Tie { get; } = Parameter.Choice(
        "tie", ["zero", "pytorch", "half"], "The slope at a hinge's corner: 0, 1 as in PyTorch, or a half.");

    /// <summary>Which form the targets have.</summary>
    public static Parameter TargetType { get; } = Parameter.Choice(
        "target_type", ["index", "probability", "binary"],
        "What the targets are, where their shape alone would not say or says wrong.", nullable: true);

    /// <summary>What a weighted mean divides by.</summary>
    public static Parameter WeightNormalization { get; } = Parameter.Choice(
        "weight_normalization", ["sum_weights", "count"],
        "What a weighted mean divides by; the loss's card says which is its default.", nullable: true);

    /// <summary>For losses that draw.</summary>
    public static Parameter Seed { get; } = Parameter.Integer(
        "seed", double.NaN, "Starts the random numbers of losses that draw; echoed.", min: 0, max: 9007199254740991);

    /// <summary>The presets of libraries that boost trees, whose gradients and Hessians are sums.</summary>
    public static IReadOnlyList<string> Boosters { get; } = ["xgboost", "lightgbm"];

    /// <summary>Another library's conventions.</summary>
    public static Parameter Preset { get; } = Parameter.Choice(
        "preset", ["pytorch", "torchvision", "mmdet", "keras", "optax", "tfa", "pml", .. Boosters, "tfr", "allrank"],
        "Takes that library's defaults and conventions; a parameter given beside it wins.", nullable: true);

    /// <summary>All common scalars, in the order in which surfaces list them.</summary>
    public static IReadOnlyList<Parameter> Parameters { get; } = Number(
        Reduction, ReductionOverride, AvgFactor, AvgFactorEps, LossWeight, Hessian, HessianFloor, ReturnItems, Dtype,
        Encoding, Empty, NonFinite, Tie, TargetType, WeightNormalization, Seed, Preset);

    /// <summary>A weight per sample or per item.</summary>
    public static Input SampleWeight { get; } = new(
        "sample_weight", "*I | N", "A weight per item of the unreduced loss, or per sample (first axis).")
    {
        Optional = true,
        Domain = Domain.NonNegative,
    };

    /// <summary>Which items count.</summary>
    public static Input Mask { get; } = new(
        "mask", "Which items count; the others cost 0 and have gradient 0, even where their inputs are NaN.",
        [new("*I", InputKind.Flag), new("N", InputKind.Flag)])
    {
        Optional = true,
    };

    /// <summary>The upstream gradient.</summary>
    public static Input GradOutput { get; } = new(
        "grad_output", "*I | N | ", "The upstream gradient, shaped like the loss; 1 when absent.")
    {
        Optional = true,
        Domain = Domain.Real,
    };

    /// <summary>All common tensors. <c>*I</c> stands for the shape of the items, N for the length of its first
    /// axis.</summary>
    public static IReadOnlyList<Input> Tensors { get; } = [SampleWeight, Mask, GradOutput];

    private static Parameter[] Number(params Parameter[] parameters)
    {
        for (int place = 0; place < parameters.Length; place++)
        {
            parameters[place].CommonPlace = place;
        }

        return parameters;
    }
}

using System.Runtime.CompilerServices;
using LossService.Engine.Cards;
using LossService.Engine.Families;
using LossService.Engine.Lanes;

namespace LossService.Engine.Losses.Classification;

internal readonly struct CrossEntropy(double smoothing, int ignoreIndex, bool countsIgnored)
    : ISoftmaxRowLoss<CrossEntropy>
{
    private static readonly Parameter AvgNonIgnore = Parameter.Flag(
        "avg_non_ignore", true, "Whether rows with ignore_index leave the count that a mean divides by.");

    public static LossCard Card { get; } = new()
    {
        Name = "cross_entropy",
        Family = "classification",
        Aliases =
        [
            "ce", "cross_entropy_loss", "softmax_cross_entropy", "categorical_crossentropy",
            "sparse_categorical_crossentropy", "multinomial_logistic",
        ],
        Summary = "Scores one class out of many, given as logits.",
        Formula = @"-\sum_c w_c\,t'_c\,\log\mathrm{softmax}(z)_c,\qquad t'=(1-\varepsilon)t+\varepsilon/C",
        References =
        [
            new("PyTorch, torch.nn.CrossEntropyLoss", "https://docs.pytorch.org/docs/stable/generated/torch.nn.CrossEntropyLoss.html"),
            new("Szegedy et al., Rethinking the Inception Architecture, 2016 (label smoothing)", "https://arxiv.org/abs/1512.00567"),
        ],
        Inputs = ClassInputs.Of(
            new("logits", "N C *D | C", "Scores z before the softmax; classes on the second axis, or alone.")
            {
                Gradient = GradientRule.Default,
            }),
        Items = "N *D | ",
        Parameters = [ClassInputs.LabelSmoothing, ClassInputs.IgnoreIndex, AvgNonIgnore],
        MeanDividesByWeights = true,
        Edges =
        [
            "A mean over labels with class weights divides by the sum of the labels' weights, one over probabilities by the number of rows.",
            "hessian upper_bound is 2p(1-p), what bounds the row's whole matrix; XGBoost takes it, from its pull request 12537 (2026) on |p - y|, abs_gradient; LightGBM C/(C-1) p(1-p).",
            "mmdetection and Keras divide a weighted mean by the number of rows; mmdetection also counts ignored ones: avg_non_ignore false.",
            "An infinite score takes its limit; a class at -Infinity with target 0 costs nothing.",
        ],
        Presets =
        [
            new("pytorch", ("empty", "nan")),
            new("mmdet", ("weight_normalization", "count"), ("avg_non_ignore", "false"), ("avg_factor_eps", "1.1920929e-07")),
            new("keras", ("weight_normalization", "count")),
            new("optax", ("reduction", "none")),
            new("xgboost", ("hessian_floor", "1e-16")), new("lightgbm"),
        ],
        HessianForms =
        [
            new("upper_bound", 2), new("xgboost", 2), new("lightgbm", ByClasses: true), HessianForm.OfMagnitude,
        ],
        Examples =
        [
            new("labels", "Two rows of three classes and their labels.",
                """{"logits":[[2.0,1.0,0.1],[0.5,2.5,-1.0]],"targets":[0,1]}"""),
            new("weighted", "Class weights; the mean divides by the weights of the labels.",
                """{"logits":[[2.3,2.1,4.5],[4.2,3.2,5.1]],"targets":[1,2],"weight":[25,25,100],"dtype":"float64"}"""),
            new("soft", "Probability targets, smoothed.",
                """{"logits":[[2.0,1.0,0.1]],"targets":[[0.7,0.2,0.1]],"label_smoothing":0.1,"reduction":"none"}"""),
        ],
    };

    public static bool TakesLogProbabilities => false;

    public static bool NormalizesTarget => false;

    public double LabelSmoothing => smoothing;

    public int? IgnoreIndex => ignoreIndex;

    public bool CountsIgnored => countsIgnored;

    public static CrossEntropy Configure(Settings settings) =>
        new(settings[ClassInputs.LabelSmoothing], (int)settings[ClassInputs.IgnoreIndex], !settings.IsOn(AvgNonIgnore));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public RowAnswer<V> Row<V>(RowStatistics<V> row) where V : struct, ILane<V> => new(row.Cross, row.Mass, 1, 0);
}

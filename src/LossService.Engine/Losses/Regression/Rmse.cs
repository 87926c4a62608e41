using LossService.Engine.Cards;
using LossService.Engine.Families;

namespace LossService.Engine.Losses.Regression;

internal readonly struct Rmse : ILossFile<Rmse>
{
    private static readonly Parameter Aggregate = Parameter.Choice(
        "aggregate", ["batch", "sample"],
        "Whether the mean under the root is over the whole batch or over each sample, which is then an item.");

    public static LossCard Card { get; } = new()
    {
        Name = "rmse",
        Family = "regression",
        Aliases = ["root_mean_squared_error", "rmse_loss"],
        Summary = "Takes the root of the mean squared error: in the units of what is measured.",
        Formula = @"\sqrt{\frac{\sum_i w_i\,(x_i-y_i)^2}{\sum_i w_i}}",
        References =
        [
            new("Keras, RootMeanSquaredError", "https://keras.io/api/metrics/regression_metrics/#rootmeansquarederror-class"),
            new("XGBoost, eval_metric rmse", "https://xgboost.readthedocs.io/en/stable/parameter.html"),
        ],
        Inputs =
        [
            new("predictions", "N *D", "What the model says, x; a sample on each place of the first axis.") { Gradient = GradientRule.Default },
            new("targets", "N *D", "What was measured, y; the shape of the predictions.")
            {
                Gradient = GradientRule.OnRequest,
                Domain = Domain.Real,
            },
            new(Common.WeightName, "N *D", "A weight w per element, within the mean; with 0 an element is as if it were not there.")
            {
                Optional = true,
                Domain = Domain.NonNegative,
            },
        ],
        Items = "",
        ItemsWith = new(Aggregate, "sample", "N"),
        Parameters = [Aggregate],
        Edges =
        [
            "Where every error is 0 the root has a corner: the gradient is 0 there, the note zero_residual counts such items.",
            "Weights divide the mean under the root, as in Keras and XGBoost; an item whose weights are all 0 leaves the mean of items.",
            "The second derivative of a single element is 0: its root is the magnitude of its error.",
        ],
        Examples =
        [
            new("simple", "Errors of 3 and 4.", """{"predictions":[4.0,1.0],"targets":[1.0,5.0]}"""),
            new("samples", "A root a sample.",
                """{"predictions":[[4.0,1.0],[0.5,2.0]],"targets":[[1.0,5.0],[0.5,2.5]],"aggregate":"sample","reduction":"none"}"""),
        ],
    };

    public static Rmse Configure(Settings settings) => default;
}

using System.Numerics;
using LossService.Engine.Cards;
using LossService.Engine.Families;
using LossService.Engine.Lanes;

namespace LossService.Engine.Losses.Metric;

internal readonly struct NPairLoss(Similarity similarity) : ISimilarityLoss<NPairLoss>
{
    private static readonly Parameter Temperature = Similarity.TemperatureOf(1);

    private static readonly Parameter Normalize = BatchMetric.NormalizeOf(false);

    public static LossCard Card { get; } = new()
    {
        Name = "n_pair_loss",
        Family = "metric",
        Aliases = ["npairs_loss", "n_pairs_loss"],
        Summary = "Prefers each anchor's own positive to the positives of all other pairs.",
        Formula = @"\log\Bigl(1+\sum_{j\ne i}e^{a_i\cdot p_j-a_i\cdot p_i}\Bigr)",
        References =
        [
            new("Sohn, Improved Deep Metric Learning with Multi-class N-pair Loss Objective, 2016", "https://papers.nips.cc/paper/6200"),
            new("pytorch-metric-learning, NPairsLoss", "https://kevinmusgrave.github.io/pytorch-metric-learning/losses/#npairsloss"),
        ],
        Inputs =
        [
            new("anchor", "N E", "One vector of each pair.") { Gradient = GradientRule.Default },
            new("positive", "N E", "The other of each pair; row i belongs to row i.") { Gradient = GradientRule.Default },
        ],
        Items = "N",
        Parameters = Similarity.Parameters(Temperature, Normalize),
        HasHessian = false,
        Cost = Cost.Quadratic,
        AxisMax = AxisMax.OfBatch,
        Edges =
        [
            "A masked sample leaves the batch: it is nobody's positive or negative either.",
            "Lengths count, as in the paper, which keeps them small by a penalty of its own: add it to your own loss.",
            "A single pair costs 0.",
            Similarity.EdgeOfDistance,
        ],
        Presets = [new("pml", ("temperature", "1"))],
        Examples =
        [
            new("simple", "Two pairs.",
                """{"anchor":[[1.0,0.2],[0.1,1.0]],"positive":[[0.9,0.0],[0.3,1.0]]}"""),
            new("distance", "Two pairs, by how far they are apart.",
                """{"anchor":[[1.0,0.2],[0.1,1.0]],"positive":[[0.9,0.0],[0.3,1.0]],"distance":"squared_l2"}"""),
        ],
    };

    public static Positives Positives => Positives.SamePlace;

    public static bool IsMutual => false;

    public static bool NeedsDoubles => true;

    public Similarity Similarity => similarity;

    public static NPairLoss Configure(Settings settings) =>
        new(Similarity.Of(settings, Temperature, Normalize));

    public AnchorAnswer Row<T, V>(in AnchorRow<T> row)
        where T : unmanaged, IFloatingPointIeee754<T>
        where V : struct, IVectorLane<V, T> =>
        Contrast.Pairs<T, V>(row, similarity.Temperature, Reducer.OfAnchors);
}

using System.Collections.Frozen;
using LossService.Engine.Families;
using LossService.Engine.Losses.Classification;
using LossService.Engine.Losses.Detection;
using LossService.Engine.Losses.Distillation;
using LossService.Engine.Losses.Information;
using LossService.Engine.Losses.Metric;
using LossService.Engine.Losses.Preference;
using LossService.Engine.Losses.Ranking;
using LossService.Engine.Losses.Regression;
using LossService.Engine.Losses.Segmentation;
using LossService.Engine.Losses.Sequence;

namespace LossService.Engine;

/// <summary>Every loss, one line each.</summary>
public static class Catalogue
{
    /// <summary>The losses in the order in which surfaces list them.</summary>
    public static IReadOnlyList<Loss> All { get; } =
    [
        SoftmaxRows.Of<CrossEntropy>(),
        SoftmaxRows.Of<NllLoss>(),
        SoftmaxRows.Of<MultiPositiveSoftmaxCrossEntropy>(),
        SoftmaxRows.Of<Poly1CrossEntropy>(),
        SoftmaxRows.Of<GeneralizedCrossEntropy>(),
        ScoreRows.Of<MultiMarginLoss>(),
        ScoreRows.Of<MultilabelMarginLoss>(),
        ScoreRows.Of<CategoricalHinge>(),
        ScoreRows.Of<SparsemaxLoss>(),
        ScoreRows.Of<ArcfaceLoss>(),
        ScoreRows.Of<CosfaceLoss>(),
        ScoreRows.Of<SeesawLoss>(),
        ScoreRows.Of<JsdCrossEntropy>(),
        Elementwise.Ternary<BinaryCrossEntropyWithLogits>(),
        Elementwise.Binary<BinaryCrossEntropy>(),
        Elementwise.CorneredBinary<HingeLoss>(),
        Elementwise.Binary<SquaredHingeLoss>(),
        Elementwise.Binary<SoftMarginLoss>(),
        Classwise.Of<MultilabelSoftMarginLoss>(),
        Elementwise.Binary<AsymmetricLoss>(),
        Classwise.Of<OrdinalLoss>(),
        Elementwise.Binary<SigmoidFocalLoss>(),
        SoftmaxRows.Of<SoftmaxFocalLoss>(),
        ScoreRows.Of<DistributionFocalLoss>(),
        Elementwise.Binary<GaussianFocalLoss>(),
        Classwise.Of<QualityFocalLoss>(),
        Elementwise.Binary<VarifocalLoss>(),
        Elementwise.Binary<GhmC>(),
        Boxes.Of<IouLoss>(),
        Boxes.Of<GeneralizedBoxIouLoss>(),
        Boxes.Of<DistanceBoxIouLoss>(),
        Boxes.Of<CompleteBoxIouLoss>(),
        Boxes.Of<EiouLoss>(),
        Boxes.Of<SiouLoss>(),
        Boxes.Of<BoundedIouLoss>(),
        Regions.Of<DiceLoss>(),
        Regions.Of<GeneralizedDiceLoss>(),
        Regions.Of<TverskyLoss>(),
        Regions.Of<FocalTverskyLoss>(),
        Regions.Of<JaccardLoss>(),
        Regions.Of<MccLoss>(),
        Regions.Lovasz<LovaszHingeLoss>(),
        Regions.Lovasz<LovaszSoftmaxLoss>(),
        Elementwise.Binary<MseLoss>(),
        RootMeans.Of<Rmse>(),
        Elementwise.Binary<L1Loss>(),
        Elementwise.Binary<SmoothL1Loss>(),
        Elementwise.Binary<HuberLoss>(),
        Elementwise.Binary<PseudoHuberLoss>(),
        Elementwise.Binary<LogCoshLoss>(),
        Elementwise.Binary<FairLoss>(),
        Elementwise.Binary<BalancedL1Loss>(),
        Elementwise.Binary<WingLoss>(),
        Elementwise.CorneredBinary<QuantileLoss>(),
        Elementwise.Binary<ExpectileLoss>(),
        Elementwise.Binary<PoissonNllLoss>(),
        Elementwise.Ternary<GaussianNllLoss>(),
        Elementwise.Binary<GammaNll>(),
        Elementwise.Binary<TweedieLoss>(),
        Elementwise.Binary<Msle>(),
        Elementwise.Binary<Mape>(),
        Elementwise.Binary<Smape>(),
        Distances.Of<ContrastiveLoss>(),
        Distances.Of<TripletMarginLoss>(),
        Distances.Of<CosineEmbeddingLoss>(),
        Similarities.Of<InfoNceLoss>(),
        Similarities.Of<ClipLoss>(),
        Similarities.Of<NtXentLoss>(),
        Similarities.Of<SupconLoss>(),
        Similarities.Of<NPairLoss>(),
        MinedLosses.Of<TripletSemihardLoss>(),
        MinedLosses.Of<TripletHardLoss>(),
        MinedLosses.Of<BatchAllTripletLoss>(),
        MinedLosses.Of<MarginLoss>(),
        MinedLosses.Of<LiftedStructureLoss>(),
        MinedLosses.Of<MultiSimilarityLoss>(),
        MinedLosses.Of<CircleLoss>(),
        Elementwise.CorneredBinary<HingeEmbeddingLoss>(),
        Elementwise.CorneredTernary<MarginRankingLoss>(),
        Lists.Of<RanknetLoss>(),
        Lists.Of<PairwiseHingeLoss>(),
        Lists.Of<LambdarankLoss>(),
        Lists.Of<ListnetLoss>(),
        Lists.Of<SoftmaxRankLoss>(),
        Lists.Of<ListmleLoss>(),
        Lists.Of<ApproxNdcgLoss>(),
        Lists.Of<ApproxMrrLoss>(),
        Lists.Of<NeuralNdcgLoss>(),
        Lists.Of<CosentLoss>(),
        Alignments.Of<CtcLoss>(),
        Distributions.Of<KdLoss>(),
        ScoreRows.Of<DkdLoss>(),
        Relations.Of<DistLoss>(),
        ScoreRows.Of<GeneralizedJsDivergence>(),
        Elementwise.Ternary<MarginMse>(),
        Preferences.Of<DpoLoss>(),
        Preferences.Of<CdpoLoss>(),
        Preferences.Of<RobustDpoLoss>(),
        Preferences.Of<IpoLoss>(),
        Preferences.Of<SlicHingeLoss>(),
        Preferences.Of<KtoLoss>(),
        Preferences.Of<OrpoLoss>(),
        Preferences.Of<SimpoLoss>(),
        Preferences.Of<CpoLoss>(),
        Elementwise.Ternary<BradleyTerryLoss>(),
        Elementwise.Unary<SelfInformation>(),
        Distributions.Of<Entropy>(),
        Distributions.Of<DistributionCrossEntropy>(),
        Distributions.Of<KlDivergence>(),
        Distributions.Of<JsDivergence>(),
    ];

    private static readonly FrozenDictionary<string, Loss> ByName = All
        .SelectMany(loss => loss.Card.Aliases.Append(loss.Card.Name), (loss, name) => (Name: name, Loss: loss))
        .ToFrozenDictionary(pair => pair.Name, pair => pair.Loss);

    /// <summary>The loss of this name or alias, or null.</summary>
    public static Loss? Find(string name) => ByName.GetValueOrDefault(name);
}

using System.Numerics;
using LossService.Engine.Cards;
using LossService.Engine.Lanes;
using LossService.Engine.Numerics;

namespace LossService.Engine.Families;

/// <summary>The target side of a softmax loss: labels or distributions, class weights, label smoothing.</summary>
internal sealed class RowTarget<T>
    where T : unmanaged, INumberBase<T>
{
    private readonly Tensor? _weight;

    /// <param name="request">The request.</param>
    /// <param name="place">The place of the targets on the card.</param>
    /// <param name="weight">The place of the class weights; -1 where the card has none.</param>
    /// <param name="smoothing">How far targets move towards the uniform distribution.</param>
    public RowTarget(LossRequest request, int place, int weight, double smoothing)
    {
        Place = place;
        InputForm form = request.Solution!.Form(place)!;
        bool byLabel = form.Kind == InputKind.Label;
        Labels = byLabel ? request.LabelTensor(place) : null;
        Probabilities = byLabel ? null : request.Tensor(place);
        _weight = weight < 0 ? null : request.Tensor(weight);
        AreProbabilities = !byLabel && form.Domain == Domain.Probability;
        Smoothing = smoothing;
        Classes = request.Solution.Length("C", 1);
        WeightTotal = _weight is null ? Classes : Sums.Of<T>(_weight.Values<T>());
    }

    /// <summary>The place of the targets on the card.</summary>
    public int Place { get; }

    /// <summary>One label a row, where the targets are classes.</summary>
    public Tensor? Labels { get; }

    /// <summary>One distribution a row, where they are not.</summary>
    public Tensor? Probabilities { get; }

    /// <summary>True when the targets are meant to sum to 1.</summary>
    public bool AreProbabilities { get; }

    /// <summary>How far targets move towards the uniform distribution.</summary>
    public double Smoothing { get; }

    /// <summary>The number of classes.</summary>
    public int Classes { get; }

    /// <summary>The sum of all class weights; their number where there are none.</summary>
    public double WeightTotal { get; }

    /// <summary>The class weights; empty where there are none.</summary>
    public ReadOnlySpan<T> Weights => _weight is null ? default : _weight.Values<T>();

    /// <summary>One class's weight.</summary>
    public double WeightOf(int @class) => _weight is null ? 1 : double.CreateTruncating(_weight.Values<T>()[@class]);

    /// <summary>What a weighted mean divides by, where class weights enter it: with labels the weights of the labels,
    /// where the card says so or the caller asks; with distributions, and only when asked for, the weight of their
    /// mass. Who asks has each multiplied by the row's sample weight.</summary>
    public double? SumOfWeights(LossRequest request, ItemPlan<T> plan, Workshop workshop)
    {
        if (_weight is null || request.Reduction != Reduction.Mean)
        {
            return null;
        }

        double chosen = request[Common.WeightNormalization];
        bool asked = chosen == 0;
        bool wanted = double.IsNaN(chosen) ? Labels is not null && request.Card.MeanDividesByWeights : asked;
        if (!wanted)
        {
            return null;
        }

        return SumOfWeights(request.Solution!, plan, takesGiven: asked, new Pace(workshop));
    }

    private double SumOfWeights(Solution solution, ItemPlan<T> plan, bool takesGiven, Pace pace) =>
        Sums.Of(plan.Items, row =>
        {
            pace.Count(Labels is null ? Classes : 1);
            return plan.IsLeftOut(row) ? 0
                : (Labels is null ? MassOf(solution, row) : WeightOf(Labels.Label[row]))
                * (takesGiven ? plan.GivenWeightOf(row) : 1);
        });

    private double MassOf(Solution solution, int row)
    {
        int inner = Math.Max(1, solution.Rest.Elements);
        ReadOnlySpan<T> all = Probabilities!.Values<T>();
        int start = (row / inner * inner * Classes) + (row % inner);
        Span<double> masses = stackalloc double[Sums.Accumulators];
        masses.Clear();
        for (int c = 0; c < Classes; c++)
        {
            masses[c % Sums.Accumulators] += WeightOf(c) * double.CreateTruncating(all[start + (c * inner)]);
        }

        return Sums.Fold(masses);
    }
}

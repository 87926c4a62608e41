using System.Numerics;
using LossService.Engine.Cards;
using LossService.Engine.Lanes;
using LossService.Engine.Numerics;

namespace LossService.Engine.Families;

/// <summary>What happens to items after the formula, for every family alike: element weight, sample weight, mask,
/// reduction, loss weight, upstream gradient (the exact rules 1 to 4 of the HTTP contract).</summary>
/// <remarks>The mean's divisor is a constant: it is settled before the first block runs.</remarks>
internal sealed class ItemPlan<T> : KeptItems, IDisposable
    where T : unmanaged, INumberBase<T>
{
    private readonly LossRequest _request;
    private readonly Workshop _workshop;
    private readonly Reduction _reduction;
    private readonly Shape _items;
    private readonly Tensor? _weight;
    private readonly Broadcast _weightAt;
    private readonly Tensor? _sampleWeight;
    private readonly Broadcast _sampleAt;
    private readonly Tensor? _gradOutput;
    private readonly Broadcast _gradAt;
    private Tensor? _balance;
    private double _uniform;
    private double _uniformCurvature;
    private double _uniformFloor;
    private double _divisor = 1;

    /// <summary>Reads the common tensors of a request. <paramref name="elementWeight"/> is the place of the loss's own
    /// weight where that is a weight of items, else -1; <paramref name="labels"/> with <paramref name="ignoreIndex"/>
    /// name the ignored items.</summary>
    public ItemPlan(
        LossRequest request, Workshop workshop, int elementWeight = -1, Tensor? labels = null, int? ignoreIndex = null)
    {
        _request = request;
        _workshop = workshop;
        _reduction = request.Reduction;
        _items = request.Solution!.Items;
        Items = _items.Elements;
        int own = request.Card.InputArray.Length;
        _weight = elementWeight < 0 ? null : request.Tensor(elementWeight);
        _sampleWeight = request.Tensor(own);
        _gradOutput = request.Tensor(own + 2);
        if (_weight is not null)
        {
            _weightAt = Broadcast.Of(_weight, _items);
        }

        if (_sampleWeight is not null)
        {
            _sampleAt = Broadcast.Of(_sampleWeight, _items);
        }

        if (_gradOutput is not null)
        {
            _gradAt = Broadcast.Of(_gradOutput, _items);
        }

        Tensor? mask = request.Tensor(own + 1);
        bool someIgnored = labels is not null && ignoreIndex is { } ignored && labels.Label.Contains(ignored);
        if (mask is not null || someIgnored)
        {
            LeaveOut(mask, Broadcast.Of(mask, _items), labels, ignoreIndex, workshop);
        }
    }

    /// <summary>True when a mean that counts counts these as well.</summary>
    public bool CountsIgnored { get; init; }

    /// <summary>True when every item has the same weight and the same coefficient.</summary>
    public bool IsUniform => !HasWeights && _gradOutput is null or { Shape.Rank: 0 };

    private bool HasWeights => _weight is not null || _sampleWeight is not null || _balance is not null;

    /// <summary>Takes over a factor an item, in doubles, which the loss itself has from the whole batch. No divisor
    /// knows of it.</summary>
    public void Balance(Tensor factors) => _balance = factors;

    /// <summary>Leaves an item out of which nothing is left, before the divisor is settled.</summary>
    public void LeaveOut(int item)
    {
        if (Flags is null)
        {
            Flags = Tensor.Rent(_workshop.Pool, new Shape(Items), Element.Flag);
            Flags.Flag.Clear();
        }

        LeftOut += Flags.Flag[item] == 0 ? 1 : 0;
        Flags.Flag[item] = 1;
    }

    /// <summary>Settles the mean's divisor. <paramref name="sumOfClassWeights"/> is given by losses whose class weights
    /// enter it, <paramref name="own"/> by losses that count something else than items.</summary>
    /// <returns>False when there is nothing to take a mean of and the request wants an error for that.</returns>
    public bool Settle(LossResult result, double? sumOfClassWeights = null, Normalizer? own = null)
    {
        double divisor = 1;
        if (_reduction == Reduction.Mean)
        {
            (string rule, divisor) = Divisor(sumOfClassWeights, own);
            result.Normalizer = new(rule, divisor);
        }
        else if (_reduction == Reduction.BatchMean)
        {
            divisor = _items.Rank == 0 ? 1 : _items[0];
            result.Normalizer = new("batch", divisor);
        }

        if (Ignored > 0)
        {
            result.Notes.Add(new("ignored", "Items whose label is ignore_index cost 0 and have gradient 0.") { Count = Ignored });
        }

        _divisor = divisor;
        double rho = 1 / divisor;
        if (divisor == 0)
        {
            IsEmpty = true;
            switch (_request[Common.Empty])
            {
                case 0:
                    rho = 0;
                    result.Notes.Add(new("empty", "A mean over nothing was taken as 0; see the member empty."));
                    break;
                case 1:
                    rho = double.NaN;
                    break;
                default:
                    _request.Mistakes.Add(new("", Codes.EmptyReduction, "The mean is over nothing: no item is left to divide by."));
                    return false;
            }
        }

        double preset = _request[Common.Preset];
        bool boosted = !double.IsNaN(preset) && Common.Boosters.Contains(Common.Preset.Words[(int)preset]);
        _uniformFloor = _request[Common.LossWeight] * (boosted ? 1 : rho);
        _uniformCurvature = _uniformFloor * HessianForm.FactorOf(_request);
        _uniform = _uniformFloor * (_gradOutput is { Shape.Rank: 0 } ? _gradOutput.ValueAt(0) : 1);
        return true;
    }

    /// <summary>True when the mean is over nothing.</summary>
    public bool IsEmpty { get; private set; }

    /// <summary>For a block of items: their weights, the factors of their gradients, and those of their
    /// Hessians.</summary>
    public void Fill(int start, Span<T> weights, Span<T> coefficients, Span<T> curvatures)
    {
        if (!HasWeights)
        {
            weights.Fill(T.One);
        }
        else
        {
            for (int i = 0; i < weights.Length; i++)
            {
                weights[i] = T.CreateTruncating(WeightOf(start + i));
            }
        }

        bool ownGradient = _gradOutput is { Shape.Rank: > 0 };
        if (!HasWeights && !ownGradient)
        {
            coefficients.Fill(T.CreateTruncating(_uniform));
            curvatures.Fill(T.CreateTruncating(_uniformCurvature));
            return;
        }

        for (int i = 0; i < weights.Length; i++)
        {
            double weight = WeightOf(start + i);
            double upstream = ownGradient ? Number(_gradOutput!, _gradAt.At(start + i)) : 1;
            coefficients[i] = T.CreateTruncating(_uniform * weight * upstream);
            curvatures[i] = T.CreateTruncating(_uniformCurvature * weight);
        }
    }

    /// <summary>Sets the numbers of left-out items to 0: a selection, so that not even a NaN gets through.</summary>
    public void Blank(int start, Span<T> numbers)
    {
        ReadOnlySpan<byte> flags = LeftOutFlags;
        for (int i = 0; i < numbers.Length && !flags.IsEmpty; i++)
        {
            numbers[i] = flags[start + i] != 0 ? T.Zero : numbers[i];
        }
    }

    /// <summary>Reduces the blocks' sums to the answer's loss, and raises its Hessians to their floor unless the driver
    /// has done so.</summary>
    public void Finish(LossResult result, Span<double> partials, bool isFloored = false)
    {
        if (!isFloored && _request[Common.Hessian] > 0)
        {
            HessianOfGradient.Apply<T>(result, _workshop);
            HessianFloor.Apply<T>(result, _workshop, item => IsLeftOut(item) ? 0 : _uniformFloor * WeightOf(item));
        }

        if (_reduction == Reduction.None)
        {
            return;
        }

        result.Loss = Reduce(partials);
    }

    /// <summary>The sum of the blocks' sums, reduced as the request says and rounded once to its dtype.</summary>
    public double Reduce(Span<double> partials)
    {
        double reduced = IsEmpty
            ? _request[Common.Empty] == 0 ? 0 : double.NaN
            : Sums.OfPartials(partials) / _divisor * _request[Common.LossWeight];
        return _request.IsFloat64 ? reduced : (float)reduced;
    }

    public void Dispose()
    {
        Flags?.Dispose();
        _balance?.Dispose();
    }

    private (string Rule, double Divisor) Divisor(double? sumOfClassWeights, Normalizer? own)
    {
        double factor = _request[Common.AvgFactor];
        if (!double.IsNaN(factor))
        {
            return ("avg_factor", factor + _request[Common.AvgFactorEps]);
        }

        if (own is not null)
        {
            return (own.Rule, own.Value);
        }

        double chosen = _request[Common.WeightNormalization];
        bool byWeights = double.IsNaN(chosen) ? sumOfClassWeights is not null : chosen == 0;
        int count = Items - LeftOut + (CountsIgnored ? Ignored : 0);
        if (!byWeights)
        {
            return ("count", count);
        }

        bool chosenByCaller = !double.IsNaN(chosen);
        if (chosenByCaller && (_weight is not null || _sampleWeight is not null) && sumOfClassWeights is null)
        {
            var pace = new Pace(_workshop);
            return ("sum_weights", Sums.Of(Items, item =>
            {
                pace.Count(1);
                return IsLeftOut(item) ? 0 : GivenWeightOf(item);
            }));
        }

        return sumOfClassWeights is null ? ("count", count) : ("sum_weights", sumOfClassWeights.Value);
    }

    /// <summary>An item's element weight times its sample weight, and what the loss itself adds to them.</summary>
    public double WeightOf(int item) => GivenWeightOf(item) * (_balance is null ? 1 : _balance.Float64[item]);

    /// <summary>An item's element weight times its sample weight.</summary>
    public double GivenWeightOf(int item) =>
        (_weight is null ? 1
            : _weight.Shape.Rank > _items.Rank ? MeanOf(_weight, item)
            : Number(_weight, _weightAt.At(item)))
        * (_sampleWeight is null ? 1 : Number(_sampleWeight, _sampleAt.At(item)));

    // Weights with an axis more than the items: an item takes the mean over it, as detectors do with corners.
    private double MeanOf(Tensor weights, int item)
    {
        int length = weights.Shape.Elements / Math.Max(1, Items);
        double sum = 0;
        for (int i = 0; i < length; i++)
        {
            sum += Number(weights, (item * length) + i);
        }

        return sum / length;
    }

    private static double Number(Tensor tensor, int offset) =>
        tensor.Element == Element.Float64 ? tensor.Float64[offset] : tensor.Float32[offset];
}

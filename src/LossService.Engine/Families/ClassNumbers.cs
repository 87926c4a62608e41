using System.Numerics;
using LossService.Engine.Lanes;
using LossService.Engine.Numerics;

namespace LossService.Engine.Families;

/// <summary>An input with a number per class, of which every anchor takes its own class's, and the gradient of
/// these.</summary>
internal sealed class ClassNumbers<T> : IDisposable where T : unmanaged, IFloatingPointIeee754<T>
{
    private readonly Tensor _numbers;
    private readonly Tensor _labels;
    private readonly ItemPlan<T> _plan;
    private readonly Tensor _sums; // a slope an anchor, then one a class
    private readonly int _place;

    private ClassNumbers(LossRequest request, int place, ItemPlan<T> plan, TensorPool pool)
    {
        _place = place;
        _numbers = request.Tensor(place)!;
        _labels = request.LabelTensor(request.Card.PlaceOfInput(Mined.LabelsName))!;
        _plan = plan;
        _sums = Tensor.RentVector(pool, (long)plan.Items + _numbers.Shape.Elements, Element.Float64);
        _sums.Float64.Clear();
    }

    /// <summary>The numbers, where the loss has such an input and the request gives it.</summary>
    public static ClassNumbers<T>? Of(LossRequest request, string? name, ItemPlan<T> plan, TensorPool pool) =>
        name is not null && request.Card.PlaceOfInput(name) is var place && request.Tensor(place) is not null
            ? new(request, place, plan, pool) : null;

    /// <summary>The number of an anchor's class.</summary>
    public double Of(int anchor) => double.CreateTruncating(_numbers.Values<T>()[_labels.Label[anchor]]);

    /// <summary>Takes an anchor's slope on its number.</summary>
    public void Slope(int anchor, double coefficient, double slope) =>
        _sums.Float64[anchor] = coefficient == 0 || slope == 0 ? 0 : coefficient * slope;

    /// <summary>Adds up the slopes of each class, in the order of the batch, and writes the gradient.</summary>
    public void Finish(LossResult result)
    {
        if (result.Gradients[_place] is not { } gradient)
        {
            return;
        }

        Span<double> sums = _sums.Float64[_plan.Items..];
        for (int anchor = 0; anchor < _plan.Items; anchor++)
        {
            if (!_plan.IsLeftOut(anchor))
            {
                sums[_labels.Label[anchor]] += _sums.Float64[anchor];
            }
        }

        Rows.Narrow<T>(sums, gradient.Values<T>());
    }

    public void Dispose() => _sums.Dispose();
}

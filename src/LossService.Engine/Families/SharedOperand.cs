using System.Numerics;
using LossService.Engine.Lanes;
using LossService.Engine.Numerics;

namespace LossService.Engine.Families;

/// <summary>Derivatives by an input of which several items have the same element: computed an item, as if each had its
/// own, and summed up at the end.</summary>
internal readonly struct SharedOperand<T> : IDisposable
    where T : unmanaged, INumberBase<T>
{
    private readonly LossResult _result;
    private readonly int _place;
    private readonly Tensor? _gradient;
    private readonly Tensor? _hessian;

    /// <summary>Puts room for a derivative an item into the answer where an input's is smaller.</summary>
    public SharedOperand(LossResult result, int place, Shape items, TensorPool pool)
    {
        _result = result;
        _place = place;
        if (result.Gradients[place] is not { } gradient || gradient.Shape.Elements == items.Elements)
        {
            return;
        }

        _gradient = gradient;
        result.Gradients[place] = null;
        _hessian = result.Hessians[place];
        result.Hessians[place] = null;
        try
        {
            result.Gradients[place] = Tensor.Rent(pool, items, gradient.Element);
            result.Hessians[place] = _hessian is null ? null : Tensor.Rent(pool, items, gradient.Element);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Sums up what items share, and gives the answer its own tensors back.</summary>
    public void Fold()
    {
        if (_gradient is null)
        {
            return;
        }

        Fold(_result.Gradients, _gradient);
        if (_hessian is not null)
        {
            Fold(_result.Hessians, _hessian);
        }
    }

    /// <summary>Gives up the answer's own tensors unless they were put back.</summary>
    public void Dispose()
    {
        if (_gradient is not null && !ReferenceEquals(_result.Gradients[_place], _gradient))
        {
            _gradient.Dispose();
            _hessian?.Dispose();
        }
    }

    private void Fold(Tensor?[] tensors, Tensor sums)
    {
        using Tensor items = tensors[_place]!;
        tensors[_place] = sums;
        Span<T> folded = sums.Values<T>();
        int length = folded.Length == 0 ? 0 : items.Shape.Elements / folded.Length;
        for (int i = 0; i < folded.Length; i++)
        {
            folded[i] = T.CreateTruncating(Sums.Of<T>(items.Values<T>().Slice(i * length, length)));
        }
    }
}

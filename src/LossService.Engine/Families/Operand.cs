using System.Numerics;
using LossService.Engine.Cards;
using LossService.Engine.Numerics;

namespace LossService.Engine.Families;

/// <summary>One input of an elementwise loss, brought block by block into the form that a kernel reads: a number an
/// item.</summary>
/// <remarks>A kernel never sees encodings: labels become one-hot, class vectors are repeated, an absent operand is
/// 1.</remarks>
internal readonly struct Operand<T>
    where T : unmanaged, INumberBase<T>
{
    private readonly Tensor? _numbers;
    private readonly Tensor? _labels;
    private readonly Broadcast _at;
    private readonly int _classes;
    private readonly int _inner;

    public Operand(LossRequest request, int place)
    {
        Solution solution = request.Solution!;
        Shape items = solution.Items;
        InputForm? form = solution.Form(place);
        if (form is null)
        {
            return;
        }

        if (form.Kind == InputKind.Label)
        {
            _labels = request.LabelTensor(place);
            _classes = solution.Length("C");
            _inner = Math.Max(1, solution.Rest.Elements);
            return;
        }

        _numbers = request.Tensor(place)!;
        bool perClass = form.Pattern.Symbols is ["C"] && _numbers.Shape.Elements != items.Elements;
        _at = perClass ? Broadcast.OfClasses(_numbers.Shape.Elements, items) : Broadcast.Of(_numbers.Shape, items);
    }

    /// <summary>The operand of the items from <paramref name="start"/> on: its own memory where it can be read in
    /// place, else <paramref name="scratch"/>, filled.</summary>
    public Span<T> Read(int start, Span<T> scratch)
    {
        if (_numbers is not null && _at is { Divide: 1, Modulo: int.MaxValue })
        {
            return _numbers.Values<T>().Slice(start, scratch.Length);
        }

        if (_numbers is null && _labels is null)
        {
            scratch.Fill(T.One);
            return scratch;
        }

        for (int i = 0; i < scratch.Length; i++)
        {
            scratch[i] = Element(start + i);
        }

        return scratch;
    }

    private T Element(int item)
    {
        if (_numbers is not null)
        {
            return _numbers.Values<T>()[_at.At(item)];
        }

        // Item (n, c, d) is 1 where the label of (n, d) is c; a background label is no class, so its row is all zeros.
        int place = item / _inner;
        int label = _labels!.Label[(place / _classes * _inner) + (item % _inner)];
        return label == place % _classes ? T.One : T.Zero;
    }
}

using System.Numerics;
using LossService.Engine.Cards;
using LossService.Engine.Lanes;
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
        Place = place;
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
        _at = perClass ? Broadcast.OfClasses(_numbers.Shape.Elements, items) : Broadcast.Of(_numbers, items);
    }

    /// <summary>The place of the input on the card.</summary>
    public int Place { get; }

    /// <summary>The operand of some items: its own memory where it can be read in place, else a slot of the scratch,
    /// filled.</summary>
    public Span<T> Read(int slot, int start, int count, Scratch scratch)
    {
        if (_numbers is not null && _at.IsEachItsOwn)
        {
            return _numbers.Values<T>().Slice(start, count);
        }

        Span<T> filled = scratch.Take<T>(slot, count)[..count];
        if (_numbers is not null)
        {
            _at.Gather(_numbers.Values<T>(), start, filled);
        }
        else if (_labels is not null)
        {
            OneHot(start, filled);
        }
        else
        {
            filled.Fill(T.One);
        }

        return filled;
    }

    /// <summary>The same, but <paramref name="constant"/> is filled, and stands for all items, where they have the same
    /// number.</summary>
    public Strip<T> Read(int slot, int start, int count, Scratch scratch, Span<T> constant)
    {
        bool isAbsent = _numbers is null && _labels is null;
        if (!isAbsent && (_numbers is null || !_at.IsOneForAll))
        {
            return new(Read(slot, start, count, scratch), repeats: false);
        }

        constant.Fill(isAbsent ? T.One : _numbers!.Values<T>()[0]);
        return new(constant, repeats: true);
    }

    // Item (n, c, d) is 1 where the label of (n, d) is c; a background label is no class, so its row is all zeros.
    private void OneHot(int start, Span<T> filled)
    {
        Span<int> labels = _labels!.Label;
        int inner = start % _inner;
        int place = start / _inner;
        int sample = place / _classes;
        int c = place % _classes;
        for (int i = 0; i < filled.Length; i++)
        {
            filled[i] = labels[(sample * _inner) + inner] == c ? T.One : T.Zero;
            if (++inner == _inner)
            {
                inner = 0;
                c++;
            }

            if (c == _classes)
            {
                c = 0;
                sample++;
            }
        }
    }
}

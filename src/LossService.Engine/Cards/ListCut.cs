using System.Globalization;
using LossService.Engine.Numerics;

namespace LossService.Engine.Cards;

/// <summary>Lists of different lengths, one behind the other on one flat axis, as the lengths or ids of a request cut
/// it.</summary>
/// <param name="grouping">What the integers are.</param>
/// <param name="integers">The length of each list, or the list's id of each element.</param>
public sealed class ListCut(Grouping grouping, Tensor integers)
{
    // Where the last question ended: checks walk over the elements in order, so each asks for the same list or the
    // next.
    private int _list;
    private int _start;

    /// <summary>How many lists there are.</summary>
    public int Count { get; } = grouping == Grouping.Lengths ? integers.Label.Length : Runs(integers.Label);

    /// <summary>Writes where each list starts, and at last where the last one ends.</summary>
    public void FillStarts(Span<int> starts)
    {
        int start = 0;
        for (int list = 0; list < Count; list++)
        {
            starts[list] = start;
            start = EndOf(list, start);
        }

        starts[Count] = start;
    }

    /// <summary>The sum of the squares of the lists' lengths.</summary>
    public double SumOfSquares()
    {
        double sum = 0;
        for (int list = 0, start = 0; list < Count; list++)
        {
            int end = EndOf(list, start);
            sum += (double)(end - start) * (end - start);
            start = end;
        }

        return sum;
    }

    /// <summary>The list that an element stands in. Fast when the elements are asked for in order; one thread at a
    /// time.</summary>
    public int ListOf(int element)
    {
        if (element < _start)
        {
            _list = 0;
            _start = 0;
        }

        while (_list < Count - 1 && EndOf(_list, _start) <= element)
        {
            _start = EndOf(_list, _start);
            _list++;
        }

        return _list;
    }

    /// <summary>Looks whether the request cuts its first input into lists: then there is an item a list. Refuses lists
    /// that do not fit it, or that are longer than the card allows.</summary>
    internal static bool Solve(LossRequest request, int first, Solution solution)
    {
        bool fits = true;
        int longest = solution.Length("L");
        for (int place = 0; place < request.Card.Inputs.Count; place++)
        {
            Input input = request.Card.Inputs[place];
            if (input.Groups == Grouping.None || request.LabelTensor(place) is not { } integers)
            {
                continue;
            }

            var cut = new ListCut(input.Groups, integers);
            if (!IsFlat(request, first, input, solution) || !cut.Fits(request, input, longest))
            {
                fits = false;
                continue;
            }

            longest = cut.Longest();
            solution.Lists = cut;
            solution.Items = new Shape(cut.Count);
            solution.Bind("G", cut.Count);
        }

        int axis = request.Card.AxisMax is { Axis: not "L" and var symbol } ? solution.Length(symbol) : longest;
        return fits && IsShortEnough(request, first, axis);
    }

    private static bool IsFlat(LossRequest request, int first, Input input, Solution solution)
    {
        if (solution.Form(first)!.Pattern.Symbols is ["L"] || request.AnyTensor(first).IsBareEmpty)
        {
            return true;
        }

        request.Mistakes.Add(new($"/{input.Name}", Codes.OptionConflict,
            $"{input.Name} cuts flat {solution.IntroducedBy} into lists, found {request.AnyTensor(first).Shape}")
        {
            Expected = $"flat {solution.IntroducedBy}, or no {input.Name}",
            Found = request.AnyTensor(first).Shape.ToString(),
        });
        return false;
    }

    // What is no length or id at all is left to the check of elements.
    private bool Fits(LossRequest request, Input input, int elements)
    {
        ReadOnlySpan<int> numbers = integers.Label;
        long sum = 0;
        for (int i = 0; i < numbers.Length; i++)
        {
            if (numbers[i] < 0)
            {
                return true;
            }

            sum += numbers[i];
            if (grouping == Grouping.Ids && i > 0 && numbers[i] < numbers[i - 1])
            {
                request.Mistakes.Add(new($"/{input.Name}", Codes.DomainError,
                    "expected ids that never decrease, so that a list stands together, found a smaller one")
                {
                    Expected = "ids that never decrease",
                    Index = [i],
                    Count = Descents(numbers[(i - 1)..]),
                });
                return false;
            }
        }

        if (grouping == Grouping.Ids || sum == elements)
        {
            return true; // an id for each element is a matter of shapes
        }

        string expected = string.Create(CultureInfo.InvariantCulture, $"lengths that sum to {elements}");
        request.Mistakes.Add(new($"/{input.Name}", Codes.ShapeMismatch,
            string.Create(CultureInfo.InvariantCulture, $"expected {expected}, found {sum}"))
        {
            Expected = expected,
            Found = sum.ToString(CultureInfo.InvariantCulture),
        });
        return false;
    }

    private static bool IsShortEnough(LossRequest request, int first, int longest)
    {
        if (request.Card.AxisMax is not { } most || longest <= most.Length)
        {
            return true;
        }

        string expected = string.Create(CultureInfo.InvariantCulture, $"at most {most.Length} on axis {most.Axis}");
        string found = longest.ToString(CultureInfo.InvariantCulture);
        request.Mistakes.Add(new(
            $"/{request.Card.Inputs[first].Name}", Codes.LimitExceeded, $"expected {expected}, found {found}")
        {
            Limit = "paired_axis",
            Expected = expected,
            Found = found,
        });
        return false;
    }

    private int Longest()
    {
        int longest = 0;
        int start = 0;
        for (int list = 0; list < Count; list++)
        {
            int end = EndOf(list, start);
            longest = Math.Max(longest, end - start);
            start = end;
        }

        return longest;
    }

    private int EndOf(int list, int start)
    {
        ReadOnlySpan<int> numbers = integers.Label;
        if (grouping == Grouping.Lengths)
        {
            return start + Math.Max(0, numbers[list]);
        }

        int end = start + 1;
        while (end < numbers.Length && numbers[end] == numbers[start])
        {
            end++;
        }

        return end;
    }

    private static int Descents(ReadOnlySpan<int> ids)
    {
        int descents = 0;
        for (int i = 1; i < ids.Length; i++)
        {
            descents += ids[i] < ids[i - 1] ? 1 : 0;
        }

        return descents;
    }

    private static int Runs(ReadOnlySpan<int> ids)
    {
        int runs = ids.Length == 0 ? 0 : 1;
        for (int i = 1; i < ids.Length; i++)
        {
            runs += ids[i] == ids[i - 1] ? 0 : 1;
        }

        return runs;
    }
}

using System.Globalization;
using LossService.Engine.Numerics;

namespace LossService.Engine.Cards;

/// <summary>Lengths that are not the first input's: an axis that another input says, rows that are packed, parts of an
/// axis, a class or a length that a parameter names.</summary>
internal static class Extents
{
    /// <summary>Takes an axis's length from the form that says it, where the rank is that form's.</summary>
    public static void Introduce(InputForm form, Tensor tensor, Solution solution)
    {
        if (form.Introduces is not { } symbol || solution.Has(symbol))
        {
            return;
        }

        // A bare [] is nothing of the first axis: no pairs, or no samples, but not samples without tokens.
        int axis = form.Pattern.AxisOf(symbol);
        bool isEmpty = tensor.IsBareEmpty && (axis == 0 || solution.Length("N") == 0);
        if (isEmpty || tensor.Shape.Rank == form.Pattern.Symbols.Count)
        {
            solution.Bind(symbol, isEmpty ? 0 : tensor.Shape[axis]);
        }
    }

    /// <summary>Looks whether axes have the lengths that stand in the pattern itself, such as the four corners of a
    /// box.</summary>
    public static bool HasFixedLengths(LossRequest request, int place, ShapePattern pattern)
    {
        Tensor tensor = request.AnyTensor(place);
        for (int axis = 0; axis < pattern.Symbols.Count && !tensor.IsBareEmpty; axis++)
        {
            if (char.IsAsciiDigit(pattern.Symbols[axis][0]) && tensor.Shape[axis] != pattern.Symbols[axis][0] - '0')
            {
                request.Mistakes.Add(new($"/{request.Card.Inputs[place].Name}", Codes.ShapeMismatch,
                    $"expected {pattern}, found {tensor.Shape}")
                { Expected = pattern.ToString(), Found = tensor.Shape.ToString() });
                return false;
            }
        }

        return true;
    }

    /// <summary>Binds the lengths that parameters say; a value out of its range is told elsewhere.</summary>
    public static void Count(LossRequest request, Solution solution)
    {
        foreach (Parameter parameter in request.Card.ParameterArray)
        {
            if (parameter.LengthOf is { } symbol && parameter.Allows(request[parameter]))
            {
                solution.Bind(symbol, (int)request[parameter]);
            }
        }
    }

    /// <summary>The parameter that says the length of an axis, by name; null where an input says it.</summary>
    public static string? CounterOf(LossCard card, string symbol) =>
        card.Parameters.FirstOrDefault(parameter => parameter.LengthOf == symbol)?.Name;

    /// <summary>Divides the first axis into the parts that a parameter counts, where the form has them.</summary>
    /// <returns>False where the axis has no such parts; a count out of its range is told elsewhere.</returns>
    public static bool Divide(LossRequest request, int place, InputForm form, Solution solution)
    {
        if (form.Parts is not { } parameter)
        {
            return true;
        }

        double parts = request[parameter];
        if (!parameter.Allows(parts))
        {
            return false;
        }

        int rows = solution.Length(form.Pattern.Symbols[0]);
        if (rows % (int)parts == 0)
        {
            solution.Bind("K", (int)parts);
            solution.Bind("N", rows / (int)parts);
            return true;
        }

        string expected = string.Create(CultureInfo.InvariantCulture, $"a number of rows that {parameter.Name} {parts} divides");
        request.Mistakes.Add(new($"/{request.Card.Inputs[place].Name}", Codes.ShapeMismatch,
            string.Create(CultureInfo.InvariantCulture, $"expected {expected}, found {rows}"))
        {
            Expected = expected,
            Found = request.AnyTensor(place).Shape.ToString(),
        });
        return false;
    }

    /// <summary>Looks whether packed rows are as long as their lengths say, and classes exist that parameters
    /// name.</summary>
    public static bool Agree(LossRequest request, Solution solution)
    {
        bool agree = true;
        for (int place = 0; place < request.Card.Inputs.Count; place++)
        {
            if (solution.Form(place) is { Packed: true })
            {
                agree &= IsPackedAsCounted(request, place, solution);
            }
        }

        foreach (Parameter parameter in request.Card.ParameterArray)
        {
            agree &= parameter.Below is not { } symbol || IsBelow(request, parameter, solution.Length(symbol));
        }

        return agree;
    }

    private static bool IsPackedAsCounted(LossRequest request, int place, Solution solution)
    {
        Input input = request.Card.Inputs[place];
        if (request.LabelTensor(request.Card.PlaceOfInput(input.CountedBy!)) is not { } lengths)
        {
            request.Mistakes.Add(new($"/{input.CountedBy}", Codes.MissingInput,
                $"rows of {input.Name} that stand one behind the other need {input.CountedBy}"));
            return false;
        }

        long sum = 0;
        foreach (int length in lengths.Label)
        {
            if (length < 0)
            {
                // Said here and not by the check of elements, which would let it pass in a sample that is masked.
                request.Mistakes.Add(new($"/{input.CountedBy}", Codes.DomainError, "expected whole numbers from 0 up"));
                return false;
            }

            sum += length;
        }

        int found = request.AnyTensor(place).Shape.Elements;
        if (sum == found)
        {
            solution.Packed = new ListCut(Grouping.Lengths, lengths);
            return true;
        }

        string expected = string.Create(CultureInfo.InvariantCulture, $"[{sum}]");
        request.Mistakes.Add(new($"/{input.Name}", Codes.ShapeMismatch,
            string.Create(CultureInfo.InvariantCulture, $"expected {expected} (the sum of {input.CountedBy}), found [{found}]"))
        {
            Expected = expected,
            Found = request.AnyTensor(place).Shape.ToString(),
        });
        return false;
    }

    private static bool IsBelow(LossRequest request, Parameter parameter, int length)
    {
        double value = request[parameter];
        if (value < length || length == 0 || !parameter.Allows(value))
        {
            return true;
        }

        string expected = string.Create(CultureInfo.InvariantCulture, $"a number below {length}");
        string found = ParameterText.Format(parameter, value);
        request.Mistakes.Add(new(
            request.PointerOf(parameter), Codes.ParameterOutOfRange, $"expected {expected}, found {found}")
        {
            Expected = expected,
            Found = found,
        });
        return false;
    }
}

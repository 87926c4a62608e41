using LossService.Engine.Numerics;

namespace LossService.Engine.Cards;

/// <summary>Finds what the symbols of a card stand for in one request, or says which inputs do not fit.</summary>
/// <remarks>The first input that is given introduces the symbols; all others only use them, so nothing broadcasts by
/// accident and each input is judged by itself.</remarks>
public static class ShapeSolver
{
    /// <summary>Solves the request's shapes into <see cref="LossRequest.Solution"/>, or adds a mistake for every input
    /// that does not fit and leaves the solution null.</summary>
    /// <returns>True when all shapes agree.</returns>
    public static bool Solve(LossRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        LossCard card = request.Card;
        int first = 0;
        while (first < card.Inputs.Count && !request.HasInput(first))
        {
            first++;
        }

        if (first == card.Inputs.Count)
        {
            return false;
        }

        var solution = new Solution(card.Inputs.Count + Common.Tensors.Count)
        {
            First = first,
            IntroducedBy = card.Inputs[first].Name,
        };
        if (!Introduce(request, first, solution))
        {
            return false;
        }

        bool fits = true;
        for (int place = first + 1; place < card.Inputs.Count; place++)
        {
            fits &= !request.HasInput(place) || Use(request, place, card.Inputs[place].Forms, solution);
        }

        for (int place = card.Inputs.Count; place < card.Inputs.Count + Common.Tensors.Count; place++)
        {
            fits &= !request.HasInput(place) || Use(request, place, ItemForms(request, place, solution), solution);
        }

        fits = fits && Extents.Agree(request, solution) && GradientNames.Suit(request, solution);
        if (fits)
        {
            request.Settle(solution);
        }

        return fits;
    }

    private static bool Introduce(LossRequest request, int place, Solution solution)
    {
        Input input = request.Card.Inputs[place];
        Tensor tensor = request.AnyTensor(place);
        for (int alternative = 0; alternative < input.Forms.Count; alternative++)
        {
            ShapePattern pattern = input.Forms[alternative].Pattern;
            bool allowed = input.Forms[alternative].With is not { } with || with.Allows(request[with.Parameter]);
            if (!allowed || (!tensor.IsBareEmpty && !HasRankOf(pattern, tensor.Shape)))
            {
                continue;
            }

            if (!Extents.HasFixedLengths(request, place, pattern))
            {
                return false;
            }

            Bind(pattern, tensor, solution);
            solution.SetForm(place, input.Forms[alternative]);
            if (!Extents.Divide(request, place, input.Forms[alternative], solution))
            {
                return false;
            }

            Extents.Count(request, solution);
            IReadOnlyList<ShapePattern> items = request.Card.ItemsOf(request);
            solution.TryEvaluate(items[Math.Min(alternative, items.Count - 1)], out Shape shape);
            solution.Items = shape;
            if (!ListCut.Solve(request, place, solution))
            {
                return false;
            }

            shape = solution.Items;
            solution.Bind("F", shape.Elements); // the items as one flat list
            if (!HasClasses(request, place, solution))
            {
                return false;
            }

            if (pattern.Symbols.Count == 0 && shape.Rank > 0)
            {
                // Elementwise losses have classes only for weights: on the second axis, or on the only one.
                solution.Bind("C", shape[Math.Min(1, shape.Rank - 1)]);
            }

            return true;
        }

        string expected = string.Join(" or ", input.Forms
            .Where(form => form.With is not { } with || with.Allows(request[with.Parameter]))
            .Select(form => form.Pattern.ToString()).Distinct());
        request.Mistakes.Add(
            new($"/{input.Name}", Codes.RankMismatch, $"expected {expected}, found {tensor.Shape}")
            { Expected = expected, Found = tensor.Shape.ToString() });
        return false;
    }

    private static bool HasRankOf(ShapePattern pattern, Shape shape) =>
        pattern.Rest is null ? shape.Rank == pattern.Symbols.Count : shape.Rank >= pattern.Symbols.Count;

    private static void Bind(ShapePattern pattern, Tensor tensor, Solution solution)
    {
        int leading = pattern.Symbols.Count;
        for (int axis = 0; axis < leading; axis++)
        {
            solution.Bind(pattern.Symbols[axis], tensor.IsBareEmpty ? 0 : tensor.Shape[axis]);
        }

        if (pattern.Rest is not null)
        {
            // A bare [] has no axes beyond those that the loss needs; where it needs none, it is a batch of nothing.
            solution.Rest = tensor.IsBareEmpty
                ? leading == 0 ? new Shape(0) : Shape.Scalar
                : tensor.Shape.From(leading);
        }
    }

    private static bool HasClasses(LossRequest request, int place, Solution solution)
    {
        if ((solution.Length("C") > 0 && solution.Length("K") > 0) || solution.Rows == 0)
        {
            return true;
        }

        RefuseAsEmpty(request, place, solution.Length("C") > 0 ? "at least one part" : "at least one class");
        return false;
    }

    // Labels of no class would have to lie from 0 to -1.
    private static bool LacksClasses(InputForm form, Solution solution) =>
        form.Introduces is "C" or "K" && solution.Length(form.Introduces) == 0 && solution.Rows > 0;

    private static void RefuseAsEmpty(LossRequest request, int place, string expected)
    {
        Shape found = request.AnyTensor(place).Shape;
        request.Mistakes.Add(
            new($"/{request.Card.Inputs[place].Name}", Codes.ShapeMismatch, $"expected {expected}, found {found}")
            { Expected = expected, Found = found.ToString() });
    }

    private static bool Use(LossRequest request, int place, IReadOnlyList<InputForm> forms, Solution solution)
    {
        string? wanted = WantedType(request, forms);
        for (int i = 0; i < forms.Count; i++)
        {
            Extents.Introduce(forms[i], request.AnyTensor(place), solution);
            if (LacksClasses(forms[i], solution))
            {
                RefuseAsEmpty(request, place, "at least one class");
                return false;
            }

            if (IsMeant(request, place, forms[i], wanted, solution, out Shape shape)
                && HasEnoughClasses(forms[i], wanted, solution) && Fits(request.AnyTensor(place), shape))
            {
                solution.SetForm(place, forms[i]);
                return true;
            }
        }

        Refuse(request, place, forms, wanted, solution);
        return false;
    }

    // The target_type that was asked for, where one of the forms has it.
    private static string? WantedType(LossRequest request, IReadOnlyList<InputForm> forms)
    {
        double type = request[Common.TargetType];
        if (double.IsNaN(type) || !Common.TargetType.Allows(type))
        {
            return null;
        }

        string wanted = Common.TargetType.Words[(int)type];
        return forms.Any(form => form.TargetType == wanted) ? wanted : null;
    }

    private static bool IsMeant(
        LossRequest request, int place, InputForm form, string? wanted, Solution solution, out Shape shape)
    {
        shape = default;
        return (form.Needs is null || solution.Has(form.Needs))
            && (wanted is null || form.TargetType is null || form.TargetType == wanted)
            && GoesWithFirst(request, place, form, solution) && TryEvaluate(form, solution, out shape);
    }

    // An empty batch has any number of classes.
    private static bool HasEnoughClasses(InputForm form, string? wanted, Solution solution) =>
        wanted is not null || Math.Max(1, solution.Length("C")) >= form.ClassesMin;

    private static void Refuse(
        LossRequest request, int place, IReadOnlyList<InputForm> forms, string? wanted, Solution solution)
    {
        string name = request.Card.InputAt(place).Name;
        Tensor tensor = request.AnyTensor(place);
        bool rankFits = false;
        var expected = new List<string>();
        foreach (InputForm form in forms)
        {
            if (!IsMeant(request, place, form, wanted, solution, out Shape shape))
            {
                if (form is { Kind: InputKind.Place })
                {
                    expected.Add($"{form.Pattern}"); // its first axis is as long as it likes
                }

                continue;
            }

            rankFits |= tensor.Shape.Rank == shape.Rank;
            string text = form.Kind == InputKind.Place ? $"{form.Pattern}"
                : form.Fixed is null && Solution.SymbolsOf(form) is { Length: > 0 } symbols
                ? $"{shape} ({symbols} from {Extents.CounterOf(request.Card, symbols) ?? solution.IntroducedBy})" : $"{shape}";
            if (HasEnoughClasses(form, wanted, solution) && !expected.Contains(text))
            {
                expected.Add(text);
            }
        }

        string all = expected.Count > 0 ? string.Join(" or ", expected)
            : $"nothing beside {solution.IntroducedBy} {request.AnyTensor(solution.First).Shape}";
        request.Mistakes.Add(new($"/{name}", rankFits ? Codes.ShapeMismatch : Codes.RankMismatch,
            $"expected {all}, found {tensor.Shape}")
        { Expected = all, Found = tensor.Shape.ToString() });
    }

    // Only weights, tuples of places, companions with an axis of their own, what cuts an axis into lists and what a
    // card says to be shared have other axes than the first input; anything else would be repeated for every sample.
    private static bool GoesWithFirst(LossRequest request, int place, InputForm form, Solution solution)
    {
        Input input = request.Card.InputAt(place);
        if (form.Fixed is not null || form.IsShared
            || (input.Optional && input.NeededWith is null && form.Kind == InputKind.Number)
            || form.Kind == InputKind.Place || input.Groups != Grouping.None
            || (input.Beside is not null && form.Introduces is not null))
        {
            return true;
        }

        ShapePattern first = solution.Form(solution.First)!.Pattern;
        if (form.Packed)
        {
            return solution.Has("N");
        }

        return form.Pattern.Symbols.Contains("N") == solution.Has("N") && form.Pattern.Rest == first.Rest;
    }

    private static bool TryEvaluate(InputForm form, Solution solution, out Shape shape)
    {
        shape = form.Fixed.GetValueOrDefault();
        return form.Fixed is not null || solution.TryEvaluate(form.Pattern, out shape);
    }

    // A bare [] is nothing of the first axis, however many others there would be; samples without tokens are [[]].
    private static bool Fits(Tensor tensor, Shape shape) =>
        tensor.Shape == shape || (tensor.IsBareEmpty && shape.Rank > 0 && shape[0] == 0);

    // The common tensors follow the items, which are not a symbol of the card.
    private static List<InputForm> ItemForms(LossRequest request, int place, Solution solution)
    {
        Input input = request.Card.InputAt(place);
        bool scalar = ReferenceEquals(input, Common.GradOutput) && request.Reduction != Reduction.None;
        var forms = new List<InputForm>();
        if (scalar)
        {
            forms.Add(input.Forms[0] with { Fixed = Shape.Scalar });
            return forms;
        }

        forms.Add(Literal(input.Forms[0], solution.Items));
        if (solution.Items.Rank > 1)
        {
            forms.Add(Literal(input.Forms[0], new Shape(solution.Samples)));
        }

        return forms;
    }

    private static InputForm Literal(InputForm form, Shape shape) => form with { Fixed = shape };
}

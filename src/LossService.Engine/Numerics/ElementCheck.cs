using System.Numerics;
using LossService.Engine.Cards;
using LossService.Engine.Lanes;

namespace LossService.Engine.Numerics;

/// <summary>Walks over the elements of every input whose shape is known and says which leave their domain.</summary>
/// <remarks>A vectorised look finds that all is well; only where it is not does a slow walk say what, skipping masked
/// and ignored items. One mistake an input and code, with the first index and a count.</remarks>
public static class ElementCheck
{
    /// <summary>Adds a mistake for every input with elements outside its domain.</summary>
    public static void Run(LossRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        LossCard card = request.Card;
        for (int place = 0; place < card.Inputs.Count + Common.Tensors.Count; place++)
        {
            Input input = card.InputAt(place);
            if (!request.HasInput(place) || input.IsFlag || WasMisread(request.Mistakes, input))
            {
                continue;
            }

            // Without a solution the form is not certain; an input with one form alone is judged all the same.
            InputForm? form = request.Solution?.Form(place) ?? (input.MayBeLabel ? null : input.Forms[0]);
            if (form is { IsInteger: true } && request.LabelTensor(place) is { } labels)
            {
                CheckLabels(request, place, form, labels);
            }
            else if (form is { Kind: InputKind.Number } && request.Tensor(place) is { } numbers)
            {
                CheckNumbers(request, place, form.Domain, numbers);
            }
        }
    }

    // A reader puts a stand-in where an element made no sense; to judge it would be to blame the same element twice.
    private static bool WasMisread(Mistakes mistakes, Input input) => !mistakes.IsEmpty
        && (mistakes.Has($"/{input.Name}", Codes.WrongType) || mistakes.Has($"/{input.Name}", Codes.NumberOverflow));

    private static void CheckLabels(LossRequest request, int place, InputForm form, Tensor labels)
    {
        int max = LargestOf(form, request.Solution!);
        int min = double.IsFinite(form.Domain.Min) && !IsIdentityOfClass(form, request.Solution!)
            ? (int)form.Domain.Min : 0;
        double ignore = request.Card.IgnoreIndex is { } parameter ? request[parameter] : double.NaN;
        ReadOnlySpan<int> values = labels.Label;
        double except = form.Except is { } refused ? request[refused] : double.NaN;
        if (double.IsNaN(except) && Scan.AreWithin(values, min, max))
        {
            CheckPlaces(request, place, form, labels);
            return;
        }

        int first = -1;
        int count = 0;
        bool fractional = false;
        for (int i = 0; i < values.Length; i++)
        {
            int label = values[i];
            bool allowed = (label >= min && label <= max && label != except) || label == ignore;
            if (allowed || (form.Kind != InputKind.Place && ElementMask.Hides(request, place, labels.Shape, i)))
            {
                continue;
            }

            first = first < 0 ? i : first;
            fractional |= label == Labels.NotAnInteger;
            count++;
        }

        if (first < 0)
        {
            return;
        }

        int wrong = values[first];
        string expected = form.Background ? $"an integer from 0 to {max} (= background)"
            : double.IsNaN(except) ? $"an integer from {min} to {max}"
            : Invariant($"an integer from {min} to {max} other than {except} ({form.Except!.Name})");
        string found = wrong switch
        {
            Labels.NotAnInteger => "a number that is not an integer",
            Labels.TooLarge => "an integer beyond 2^53",
            Labels.Below => Invariant($"an integer below {Labels.Min}"),
            Labels.Above => Invariant($"an integer above {Labels.Max}"),
            _ => Invariant($"{wrong}"),
        };
        bool isNoClass = (fractional && wrong == Labels.NotAnInteger)
            || form.Kind is InputKind.Length or InputKind.Place;
        Add(request, place, isNoClass ? Codes.DomainError : Codes.ClassOutOfRange,
            expected, found, labels.Shape.IndexOf(first), count);
    }

    // The samples of a row of places are different ones: nothing is far from itself, or near.
    private static void CheckPlaces(LossRequest request, int place, InputForm form, Tensor places)
    {
        if (form.Kind != InputKind.Place || places.Shape.Elements == 0)
        {
            return;
        }

        int width = places.Shape[1];
        var again = new Finding();
        ReadOnlySpan<int> all = places.Label;
        for (int i = 0; i < all.Length; i++)
        {
            if (all[(i / width * width)..i].Contains(all[i]))
            {
                again.Count(i, all[i]);
            }
        }

        if (again.Total > 0)
        {
            Add(request, place, Codes.DomainError, "different samples in each row",
                Invariant($"{again.Value} twice"), places.Shape.IndexOf(again.First), again.Total);
        }
    }

    // Labels that only tell samples apart name classes once another input has a number for each.
    private static bool IsIdentityOfClass(InputForm form, Solution solution) =>
        form.Domain == Domain.Identity && form.Classes is { } symbol && solution.Has(symbol);

    private static int LargestOf(InputForm form, Solution solution)
    {
        if ((form.Classes is null || (form.Domain == Domain.Identity && !IsIdentityOfClass(form, solution)))
            && double.IsFinite(form.Domain.Max))
        {
            return (int)form.Domain.Max;
        }

        int length = solution.Length(form.Classes ?? "C");
        return form.Background || form.Kind == InputKind.Length ? length : length - 1;
    }

    private static void CheckNumbers(LossRequest request, int place, Domain domain, Tensor numbers)
    {
        if (!domain.Finite)
        {
            return;
        }

        if (domain.IsBox)
        {
            CheckCorners(request, place, numbers);
        }

        bool fine = numbers.Element == Element.Float64
            ? IsFine<double>(numbers.Float64, domain)
            : IsFine<float>(numbers.Float32, domain);
        if (fine)
        {
            return;
        }

        var nonFinite = new Finding();
        var outside = new Finding();
        for (int i = 0; i < numbers.Shape.Elements; i++)
        {
            double value = numbers.ValueAt(i);
            if (Allows(domain, value) || ElementMask.Hides(request, place, numbers.Shape, i))
            {
                continue;
            }

            // A probability that is NaN lies outside [0, 1] as much as 2 does, and predictions have no other rule.
            bool prediction = request.Card.InputAt(place).Gradient == GradientRule.Default;
            (double.IsFinite(value) || prediction ? outside : nonFinite).Count(i, value);
        }

        Add(request, place, Codes.NonFiniteInput, "a finite number", nonFinite, numbers.Shape, Invariant($"{nonFinite.Value}"));
        Add(request, place, Codes.DomainError, Describe(domain), outside, numbers.Shape, Side(domain, outside.Value));
    }

    // The second corner of a box, elements 2 and 3 of its four, does not come before the first.
    private static void CheckCorners(LossRequest request, int place, Tensor numbers)
    {
        const int Corners = 4;
        if (numbers.Shape.Rank == 0 || numbers.Shape[numbers.Shape.Rank - 1] != Corners)
        {
            return;
        }

        var disordered = new Finding();
        for (int i = 2; i < numbers.Shape.Elements; i = i % Corners == 2 ? i + 1 : i + 3)
        {
            if (numbers.ValueAt(i) < numbers.ValueAt(i - 2) && !ElementMask.Hides(request, place, numbers.Shape, i))
            {
                disordered.Count(i, numbers.ValueAt(i));
            }
        }

        Add(
            request, place, Codes.DomainError, "corners in order, x1 <= x2 and y1 <= y2", disordered,
            numbers.Shape, "a second corner before the first");
    }

    // One look: bounds that are finite refuse infinities and NaN as well.
    private static bool IsFine<T>(ReadOnlySpan<T> numbers, Domain domain)
        where T : unmanaged, IFloatingPointIeee754<T>, IMinMaxValue<T>
    {
        if (domain.Values is not { } values)
        {
            T min = double.IsInfinity(domain.Min) ? T.MinValue : T.CreateTruncating(domain.Min);
            T max = double.IsInfinity(domain.Max) ? T.MaxValue : T.CreateTruncating(domain.Max);
            return Scan.AreWithin(numbers, min, max);
        }

        if (values.Count > Scan.ValuesMax)
        {
            return false; // no loss lists so many, and the slow walk knows what to do
        }

        Span<T> allowed = stackalloc T[values.Count];
        for (int i = 0; i < allowed.Length; i++)
        {
            allowed[i] = T.CreateTruncating(values[i]);
        }

        return Scan.AreAmong<T>(numbers, allowed);
    }

    private static bool Allows(Domain domain, double value)
    {
        if (domain.Values is null)
        {
            return double.IsFinite(value) && value >= domain.Min && value <= domain.Max;
        }

        foreach (double allowed in domain.Values)
        {
            if (value == allowed)
            {
                return true;
            }
        }

        return false;
    }

    private static string Describe(Domain domain)
    {
        if (domain.Values is not null)
        {
            return string.Join(" or ", domain.Values.Select(value => Invariant($"{value}")));
        }

        return double.IsInfinity(domain.Max) ? Invariant($"a number from {domain.Min} up") : Invariant($"a number in [{domain.Min}, {domain.Max}]");
    }

    // Where a number lies that is not allowed. The number itself is its caller's; only a label may be told.
    private static string Side(Domain domain, double value) =>
        !double.IsFinite(value) ? Invariant($"{value}")
        : domain.Values is not null ? double.IsInteger(value) ? Invariant($"{value}") : "a number that is not an integer"
        : value < domain.Min ? Invariant($"a number below {domain.Min}")
        : Invariant($"a number above {domain.Max}");

    private static void Add(
        LossRequest request, int place, string code, string expected, Finding finding, Shape shape, string found)
    {
        if (finding.Total > 0)
        {
            Add(request, place, code, expected, found, shape.IndexOf(finding.First), finding.Total);
        }
    }

    private static void Add(
        LossRequest request, int place, string code, string expected, string found, int[] index, int count) =>
        request.Mistakes.Add(new($"/{request.Card.InputAt(place).Name}", code, $"expected {expected}, found {found}")
        {
            Expected = expected,
            Found = found,
            Index = index,
            Count = count,
        });

    private static string Invariant(FormattableString text) => FormattableString.Invariant(text);

    private sealed class Finding
    {
        public int First { get; private set; } = -1;

        public double Value { get; private set; }

        public int Total { get; private set; }

        public void Count(int offset, double value)
        {
            if (Total++ == 0)
            {
                First = offset;
                Value = value;
            }
        }
    }
}

using LossService.Conformance.Agreement;
using LossService.Engine.Cards;
using LossService.Engine.Lanes;

namespace LossService.Tests.Engine.Harness;

/// <summary>Makes valid questions to a loss from its card alone: every form of every input, labels and signs within their
/// range, settings within theirs, with and without weights, masks and all other common members.</summary>
internal sealed partial class Samples(LossCard card, int seed)
{
    private static readonly double[] Grid = [-2, -1.5, -1, -0.5, -0.25, -0.0, 0, 0.25, 0.5, 1, 1.5, 2];

    private static readonly double[] Extremes =
    [
        double.NaN, double.PositiveInfinity, double.NegativeInfinity, -0.0, 0, 1e30, -1e30, 1000, -1000, 1e-30, -1e-40,
    ];

    private readonly Random _random = new(seed);

    /// <summary>Draws one question.</summary>
    public Question Draw(Wish wish)
    {
        var question = new Question(card);
        question.Parameters["dtype"] = wish.Float64 ? 1 : 0;
        question.Parameters["return_items"] = 1;
        if (wish.Settings)
        {
            DrawSettings(question, wish);
        }

        if (wish.Independent && PerSample.Of(card) is { } own)
        {
            question.Parameters[own.Parameter.Name] = own.Parameter.ValueOf(own.Word);
        }

        DrawReduction(question, wish);
        wish = card.AxisMax is { Axis: "L" } most && wish.Row > most.Length ? wish with { Row = most.Length } : wish;
        var shapes = new Symbols(_random, wish);
        DrawInputs(question, shapes, wish);
        if (wish.Extras)
        {
            DrawCommon(question, shapes.Shape(shapes.Items(card, question)), shapes.HasSamples);
        }

        return question;
    }

    /// <summary>The forms of the first input, for tests that want every one.</summary>
    public static int FormsOf(LossCard card) => card.Inputs[0].Forms.Count;

    /// <summary>The reductions a card has.</summary>
    public static string[] ReductionsOf(LossCard card) =>
        card.HasBatchMean ? ["mean", "sum", "none", "batchmean"] : ["mean", "sum", "none"];

    private void DrawSettings(Question question, Wish wish)
    {
        foreach (Parameter parameter in card.Parameters)
        {
            if (Chance(0.5) && !wish.Untouched.Contains(parameter.Name)
                && (wish.Ignored || parameter != card.IgnoreIndex))
            {
                question.Parameters[parameter.Name] = Setting(parameter);
            }
        }

        card.Conflicts.Where(conflict => Chooses(question, conflict.First) && Chooses(question, conflict.Second)).ToList()
            .ForEach(conflict => question.Parameters.Remove(conflict.First.Parameter.Name));

        question.Parameters["tie"] = _random.Next(3);
    }

    private static bool Chooses(Question question, FormWith choice) =>
        choice.Allows(question.Parameters.GetValueOrDefault(choice.Parameter.Name, choice.Parameter.Default));

    private double Setting(Parameter parameter)
    {
        if (parameter.Nullable && Chance(0.2))
        {
            return double.NaN;
        }

        if (parameter.Kind == ParameterKind.Choice)
        {
            return _random.Next(parameter.Words.Count);
        }

        // Sixty-fourths are numbers of both dtypes, so that a corner sits at the same place in both.
        double low = Math.Max(parameter.Min, -1);
        double high = Math.Min(parameter.Max, 3);
        for (int attempt = 0; attempt < 100; attempt++)
        {
            double whole = _random.Next((int)Math.Ceiling(low), (int)high + 1);
            double value = parameter.Kind != ParameterKind.Number || Chance(0.4)
                ? whole : Math.Round(64 * (low + ((high - low) * _random.NextDouble()))) / 64;
            if (parameter.Allows(value))
            {
                return value;
            }
        }

        return parameter.Default;
    }

    private void DrawReduction(Question question, Wish wish)
    {
        string[] reductions = ReductionsOf(card);
        string reduction = wish.Reduction ?? reductions[_random.Next(reductions.Length)];
        Set(question, "reduction", reduction);
        if (!wish.Extras)
        {
            return;
        }

        if (Chance(0.3))
        {
            question.Parameters["loss_weight"] = Round(2 * _random.NextDouble());
        }

        if (reduction == "mean" && Chance(0.3))
        {
            question.Parameters["avg_factor"] = Round(0.25 + (3 * _random.NextDouble()));
            question.Parameters["avg_factor_eps"] = Chance(0.5) ? 1.1920929e-07 : 0;
        }

        if (card.HasWeight && Chance(0.4))
        {
            question.Parameters["weight_normalization"] = _random.Next(2);
        }
    }

    private void DrawInputs(Question question, Symbols shapes, Wish wish)
    {
        var sides = new HashSet<string>();
        Input? first = null;
        foreach (Input input in card.Inputs)
        {
            if (question.Inputs.ContainsKey(input.Name) || !IsGiven(input, question, sides, wish))
            {
                continue;
            }

            InputForm[] forms = first is null
                ? [FirstForm(input, wish)]
                : [.. input.Forms.Where(form => shapes.Allows(form, input))];
            if (forms.Length == 0)
            {
                continue; // weights of classes beside a first input that has none
            }

            InputForm form = forms[_random.Next(forms.Length)];
            Allow(question, form, input);
            if (first is null)
            {
                first = input;
                Allow(question, form, input);
                shapes.Introduce(form, input.Forms.ToList().IndexOf(form), form.Parts is { } parts
                    ? (int)question.Parameters.GetValueOrDefault(parts.Name, parts.Default) : 1);
                DrawGroups(question, shapes, wish);
                foreach (Parameter parameter in card.Parameters.Where(parameter => parameter.Below is not null))
                {
                    double value = question.Parameters.GetValueOrDefault(parameter.Name, parameter.Default);
                    question.Parameters[parameter.Name] = value % Math.Max(1, shapes.Length(parameter.Below!));
                }

                foreach (Parameter parameter in card.Parameters.Where(parameter => parameter.LengthOf is not null))
                {
                    shapes.Bind(parameter.LengthOf!, (int)question.Parameters.GetValueOrDefault(parameter.Name, parameter.Default));
                }

                shapes.Bind("F", shapes.Shape(shapes.Items(card, question)).Aggregate(1, (product, length) => product * length));
            }

            if (IsHidden(form, input))
            {
                question.Parameters["target_type"] = Common.TargetType.ValueOf(form.TargetType!);
            }

            if (form.Introduces is { } symbol)
            {
                // Where the one class is the label that is refused there is none to draw.
                bool none = form.Except is not null && shapes.Length(form.Classes!) == 1;
                shapes.Bind(symbol, none ? 0
                    : form.Kind == InputKind.Place ? PlaceTuples.Rows(form, shapes.Length("N"), _random)
                    : form.IsInteger ? _random.Next(5) : 1 + _random.Next(5));
            }

            if (form.Packed)
            {
                DrawPacked(question, input, shapes, form);
            }

            int[] shape = shapes.Shape(form.Pattern);
            question.Inputs[input.Name] = new(
                Fill(shape, () => Number(question, input, form, shapes, wish)), shape, shapes.SlicingOf(form));
            Normalize(question.Inputs[input.Name], input, form);
            Order(question.Inputs[input.Name], form);
            PlaceTuples.Fill(form, question.Inputs[input.Name].Values, form.Kind == InputKind.Place ? shapes.Length("N") : 0, _random);
        }

        question.Inputs.Keys.ToList().ForEach(name => PlaceTuples.Name(
            card.InputAt(card.PlaceOfInput(name)).Forms[0], question.Inputs[name].Values, shapes.Lengths));
    }

    // Samples that stand in several parts of one axis cannot be taken out of it one by one.
    private InputForm FirstForm(Input input, Wish wish)
    {
        InputForm form = input.Forms[wish.Form ?? _random.Next(input.Forms.Count)];
        return wish.Independent && form.Parts is not null ? input.Forms[0] : form;
    }

    // Cuts a flat axis into lists, by their lengths or by ids, where the card has either.
    private void DrawGroups(Question question, Symbols shapes, Wish wish)
    {
        Input[] cuts = [.. card.Inputs.Where(input => input.Groups != Grouping.None)];
        if (cuts.Length == 0 || !wish.Extras || !shapes.IsFlat || Chance(0.3))
        {
            return;
        }

        var lengths = new List<double>();
        for (int left = shapes.Length("L"); left > 0; left -= (int)lengths[^1])
        {
            lengths.Add(_random.Next(1, Math.Min(left, 7) + 1));
        }

        Input cut = cuts[_random.Next(cuts.Length)];
        double[] numbers = cut.Groups == Grouping.Lengths ? [.. lengths]
            : [.. lengths.SelectMany((length, list) => Enumerable.Repeat((double)(3 * list), (int)length))];
        question.Inputs[cut.Name] = new(numbers, [numbers.Length]);
        shapes.Cut(lengths.Count);
    }

    // Rows one behind the other, each at most as long as a padded one would be, with the lengths that say so.
    private void DrawPacked(Question question, Input input, Symbols shapes, InputForm form)
    {
        double[] lengths = [.. Enumerable.Range(0, shapes.Length("N")).Select(_ => (double)_random.Next(shapes.Length(form.Introduces!) + 1))];
        question.Inputs[input.CountedBy!] = new(lengths, [lengths.Length]);
        shapes.Bind(form.Introduces!, (int)lengths.Sum());
    }

    // A form that a choice decides for: the choice may keep its word, or say nothing where the form comes first.
    private void Allow(Question question, InputForm form, Input input)
    {
        if (form.With is not { } with)
        {
            return;
        }

        double word = question.Parameters.GetValueOrDefault(with.Parameter.Name, double.NaN);
        if (!with.Allows(word) || (double.IsNaN(word) && form != input.Forms[0]))
        {
            question.Parameters[with.Parameter.Name] = with.Parameter.ValueOf(with.Words[_random.Next(with.Words.Count)]);
        }
    }

    /// <summary>True where a form of the same shape comes first, so that only target_type tells them apart.</summary>
    private static bool IsHidden(InputForm form, Input input) =>
        input.Forms.First(other => other.Axes == form.Axes) != form;

    private bool IsGiven(Input input, Question question, HashSet<string> sides, Wish wish)
    {
        if (input.Groups != Grouping.None)
        {
            return false; // drawn with the first input, which it cuts
        }

        if (input.OneOf is { } side)
        {
            if (input.Optional && !(wish.Extras && Chance(0.6)))
            {
                return false;
            }

            // Exactly one of a set: each member with the same chance, the last if none came before.
            Input[] members = [.. card.Inputs.Where(other => other.OneOf == side)];
            int left = members.Length - Array.IndexOf(members, input);
            return !sides.Contains(side) && (_random.Next(left) == 0) && sides.Add(side);
        }

        if (input.Beside is { } other)
        {
            return question.Inputs.ContainsKey(other) && (!input.Optional || (wish.Extras && Chance(0.4)));
        }

        if (input.NeededWith is { } parameter)
        {
            return question.Parameters.GetValueOrDefault(parameter.Name, parameter.Default) > 0;
        }

        return !input.Optional || (wish.Extras && Chance(0.4));
    }

    // Rows of probabilities mostly sum to 1, and rows of log-probabilities' exponentials do.
    private void Normalize(Given given, Input input, InputForm form)
    {
        bool logs = input.Name.StartsWith("log_", StringComparison.Ordinal);
        if (form.Pattern.Symbols.Contains("C") is false || !(logs || form.Domain == Domain.Probability) || Chance(0.2))
        {
            return;
        }

        int axis = form.Pattern.Symbols.ToList().IndexOf("C");
        int classes = given.Shape[axis];
        int inner = given.Shape[(axis + 1)..].Aggregate(1, (product, length) => product * length);
        int rows = classes == 0 ? 0 : given.Values.Length / classes;
        for (int row = 0; row < rows; row++)
        {
            int start = (row / inner * inner * classes) + (row % inner);
            int[] places = [.. Enumerable.Range(0, classes).Select(c => start + (c * inner))];
            double sum = places.Sum(place => logs ? ScalarLane.Exp(given.Values[place]).Value : given.Values[place]);
            if (sum > 0 && double.IsFinite(sum))
            {
                foreach (int place in places)
                {
                    given.Values[place] = logs ? given.Values[place] - ScalarLane.Log(sum).Value : given.Values[place] / sum;
                }
            }
        }
    }

    // The corners of boxes, x1 y1 x2 y2, in their order.
    private static void Order(Given given, InputForm form)
    {
        for (int place = 0; form.Domain.IsBox && place < given.Values.Length; place++)
        {
            ref double first = ref given.Values[place];
            if (place % 4 < 2 && first > given.Values[place + 2])
            {
                (first, given.Values[place + 2]) = (given.Values[place + 2], first);
            }
        }
    }

    private void DrawCommon(Question question, int[] items, bool hasSamples)
    {
        bool none = question.Parameters["reduction"] == 2;
        MayGive("sample_weight", true, () => Chance(0.1) ? 0 : Round(2 * _random.NextDouble()));
        MayGive("mask", true, () => Chance(0.75) ? 1 : 0);
        MayGive("grad_output", none, () => Round(Normal()));

        void MayGive(string name, bool perItem, Func<double> number)
        {
            if (Chance(0.3))
            {
                int[] shape = !perItem ? [] : items.Length > 1 && Chance(0.4) ? [items[0]] : items;
                question.Inputs[name] = new(Fill(shape, number), shape, shape.Length > 0 && hasSamples ? Slicing.FirstAxis : Slicing.Whole);
            }
        }
    }

    private void Set(Question question, string name, string word) =>
        question.Parameters[name] = card.ParameterAt(card.PlaceOfParameter(name)).ValueOf(word);

    private static double[] Fill(int[] shape, Func<double> number) =>
        [.. Enumerable.Range(0, shape.Aggregate(1, (product, length) => product * length)).Select(_ => number())];

    private static double Round(double value) => Math.Round(64 * value) / 64;

    private bool Chance(double probability) => _random.NextDouble() < probability;

    // Nearly normal: a sum, since digests of answers want questions that have the same bits on every machine.
    private double Normal() => Enumerable.Range(0, 12).Sum(_ => _random.NextDouble()) - 6;
}

using LossService.Conformance.Oracles.Harness;
using LossService.Engine.Cards;

namespace LossService.Conformance.Agreement;

/// <summary>Makes valid requests to any loss from its card alone: shapes, forms, values, settings at random.</summary>
internal sealed class RandomRequest
{
    private readonly LossCard _card;
    private readonly Random _random;
    private readonly Dictionary<string, int> _lengths = [];
    private readonly Dictionary<string, int[]> _rests = [];
    private readonly Dictionary<string, Input> _chosen = [];
    private readonly OracleRequest _request;
    private string _first = "";
    private ShapePattern _itemsPattern = ShapePattern.Parse("");
    private int[] _items = [];

    private RandomRequest(LossCard card, Random random)
    {
        _card = card;
        _random = random;
        _request = new(card.Name);
    }

    /// <summary>Draws a request with few elements and any settings.</summary>
    public static OracleRequest Draw(LossCard card, Random random)
    {
        var draw = new RandomRequest(card, random);
        draw.DrawParameters();
        draw.DrawInputs();
        draw.DrawCommon();
        return draw._request;
    }

    /// <summary>Draws a request with the given number of samples, of the losses' own inputs alone.</summary>
    public static OracleRequest DrawPlain(LossCard card, Random random, int samples, int classes)
    {
        var draw = new RandomRequest(card, random);
        draw._lengths["N"] = samples;
        draw._lengths["C"] = classes;
        draw._rests["S"] = [samples];
        draw._rests["D"] = [];
        draw.DrawInputs(optional: false, firstForm: 0);
        return draw._request;
    }

    private void DrawInputs(bool optional = true, int? firstForm = null)
    {
        Input[] given = [.. _card.Inputs.Where(input => input switch
        {
            { OneOf: { } group } => input == OneOf(group),
            { NeededWith: { } parameter } => IsAboveZero(parameter),
            _ => !input.Optional || (optional && Chance(0.5)),
        })];
        int alternative = firstForm ?? _random.Next(given[0].Forms.Count);
        Bind(given[0].Forms[alternative], alternative);
        foreach (Input input in given)
        {
            InputForm[] fitting = input == given[0]
                ? [input.Forms[alternative]]
                : [.. input.Forms.Where(form => Fits(form, input))];
            InputForm form = fitting[_random.Next(fitting.Length)];
            _request.Inputs[input.Name] = Fill(ShapeOf(form.Pattern), () => Number(form, input));
        }
    }

    private bool IsAboveZero(Parameter parameter) =>
        (_request.Parameters.TryGetValue(parameter.Name, out object? value) ? (double)value! : parameter.Default) > 0;

    /// <summary>The first input introduces the symbols, and so the shape of the items.</summary>
    private void Bind(InputForm form, int alternative)
    {
        string[] items = _card.Items.Split('|');
        _first = form.Pattern.Text;
        _itemsPattern = ShapePattern.Parse(items[Math.Min(alternative, items.Length - 1)].Trim());
        ShapeOf(form.Pattern);
        // Where the terms of a row are not summed, each is an item.
        bool terms = _request.Parameters.GetValueOrDefault("class_reduction") is "none";
        _items = ShapeOf(terms ? form.Pattern : _itemsPattern);
        _lengths["F"] = _items.Aggregate(1, (product, length) => product * length);
    }

    /// <summary>A card lists forms, not which of them go together: what is no weight never broadcasts, so it is shaped
    /// like the first input or like the items, and labels like the first input without its classes.</summary>
    private bool Fits(InputForm form, Input input)
    {
        if (!Knows(form.Pattern) || (input.Optional && input.NeededWith is null))
        {
            return Knows(form.Pattern);
        }

        string shape = form.Pattern.Text;
        return form.Kind == InputKind.Label && form.Classes is null
            ? shape == _itemsPattern.Text
            : form.Kind == InputKind.Label
            ? shape == string.Join(' ', _first.Split(' ').Where(symbol => symbol != "C"))
            : shape == _first || shape == _itemsPattern.Text;
    }

    private Input OneOf(string group)
    {
        if (!_chosen.TryGetValue(group, out Input? input))
        {
            Input[] members = [.. _card.Inputs.Where(member => member.OneOf == group)];
            _chosen[group] = input = members[_random.Next(members.Length)];
        }

        return input;
    }

    private void DrawParameters()
    {
        foreach (Parameter parameter in _card.Parameters)
        {
            if (Chance(0.5))
            {
                _request.Parameters[parameter.Name] = Setting(parameter);
            }
        }
    }

    private void DrawCommon()
    {
        string[] reductions = _card.HasBatchMean ? ["mean", "sum", "none", "batchmean"] : ["mean", "sum", "none"];
        string reduction = reductions[_random.Next(reductions.Length)];
        _request.Parameters["reduction"] = reduction;
        MaySet("loss_weight", () => 0.5 + _random.NextDouble());
        MaySet("tie", () => Pick("zero", "pytorch", "half"));
        if (reduction == "mean")
        {
            MaySet("avg_factor", () => 0.5 + _random.Next(5));
        }

        if (_card.HasWeight)
        {
            MaySet("weight_normalization", () => Pick("sum_weights", "count"));
        }

        if (_card.HasHessian && _items.Aggregate(1, (product, length) => product * length) < 20)
        {
            MaySet("hessian", () => "diagonal");
        }

        MayGive("sample_weight", PerItemOrSample, () => 2 * _random.NextDouble());
        MayGive("mask", PerItemOrSample, () => Chance(0.7) ? 1 : 0);
        MayGive("grad_output", () => reduction == "none" ? PerItemOrSample() : [], () => Normal(1));
    }

    private void MaySet(string name, Func<object> value)
    {
        if (Chance(0.3))
        {
            _request.Parameters[name] = value();
        }
    }

    private void MayGive(string name, Func<int[]> shape, Func<double> number)
    {
        if (Chance(0.3))
        {
            _request.Inputs[name] = Fill(shape(), number);
        }
    }

    private int[] PerItemOrSample() => _items.Length > 1 && Chance(0.3) ? [_items[0]] : _items;

    private object? Setting(Parameter parameter)
    {
        if (parameter.Nullable && Chance(0.2))
        {
            return null;
        }

        double low = Math.Max(parameter.Min, -2);
        double high = Math.Min(parameter.Max, 4);
        return parameter.Kind switch
        {
            ParameterKind.Flag => Chance(0.5),
            ParameterKind.Choice => Pick([.. parameter.Words]),
            ParameterKind.Integer => (double)_random.Next((int)low, (int)high + 1),
            // Whole numbers have shortcuts of their own, zero above all; an open bound is never drawn.
            _ when Chance(0.5) && _random.Next(4) is int whole && parameter.Allows(whole) => (double)whole,
            _ => high - ((high - low) * _random.NextDouble()),
        };
    }

    private bool Knows(ShapePattern pattern) =>
        pattern.Symbols.All(symbol => _lengths.ContainsKey(symbol) || char.IsAsciiDigit(symbol[0]))
        && (pattern.Rest is null || _rests.ContainsKey(pattern.Rest));

    private int[] ShapeOf(ShapePattern pattern)
    {
        IEnumerable<int> leading = pattern.Symbols.Select(symbol => char.IsAsciiDigit(symbol[0])
            ? symbol[0] - '0'
            : GetOrAdd(_lengths, symbol, () => symbol == "N" ? _random.Next(1, 6) : _random.Next(2, 7)));
        return pattern.Rest is null
            ? [.. leading]
            : [.. leading, .. GetOrAdd(_rests, pattern.Rest, () => Rest(pattern.Symbols.Count))];
    }

    /// <summary>Axes for a star: none to three short ones; where the star is all, sometimes one long one.</summary>
    private int[] Rest(int leading) => leading == 0 && Chance(0.3)
        ? [_random.Next(258)]
        : [.. Enumerable.Range(0, _random.Next(leading == 0 ? 4 : 3)).Select(_ => _random.Next(1, 5))];

    private static T GetOrAdd<T>(Dictionary<string, T> known, string symbol, Func<T> make) =>
        known.TryGetValue(symbol, out T? value) ? value : known[symbol] = make();

    private double Number(InputForm form, Input input)
    {
        if (form.Kind == InputKind.Label)
        {
            return form.Classes is null ? _random.Next(-1, 2) : _random.Next(_lengths[form.Classes] + (form.Background ? 1 : 0));
        }

        Domain domain = form.Domain;
        if (domain.Values is { } values)
        {
            return values[_random.Next(values.Count)];
        }

        // Predictions may be anywhere between their bounds, targets and weights also on them.
        bool edge = input.Gradient != GradientRule.Default && Chance(0.2);
        return (double.IsFinite(domain.Min), double.IsFinite(domain.Max)) switch
        {
            (true, true) when edge => Chance(0.5) ? domain.Min : domain.Max,
            (true, true) => domain.Min + ((domain.Max - domain.Min) * _random.NextDouble()),
            (true, false) when edge => domain.Min,
            (true, false) => domain.Min + Math.Abs(Normal(2)),
            (false, true) => domain.Max - Math.Abs(Normal(2)),
            _ => Math.Clamp(Normal(Chance(0.2) ? 10 : 2), -20, 20),
        };
    }

    private static OracleArray Fill(int[] shape, Func<double> number)
    {
        int count = shape.Aggregate(1, (product, length) => product * length);
        return new([.. Enumerable.Range(0, count).Select(_ => number())], [.. shape.Select(length => (long)length)]);
    }

    private bool Chance(double probability) => _random.NextDouble() < probability;

    private string Pick(params string[] words) => words[_random.Next(words.Length)];

    private double Normal(double deviation) =>
        deviation * Math.Sqrt(-2 * Math.Log(1 - _random.NextDouble())) * Math.Cos(2 * Math.PI * _random.NextDouble());
}

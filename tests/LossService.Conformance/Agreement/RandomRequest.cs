using LossService.Conformance.Oracles.Harness;
using LossService.Engine.Cards;

namespace LossService.Conformance.Agreement;

/// <summary>Makes valid requests to any loss from its card alone: shapes, forms, values, settings at random.</summary>
internal sealed partial class RandomRequest
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

    /// <summary>Draws a request with the given number of samples, of the losses' own inputs alone; with places beyond
    /// samples and classes where they are asked for.</summary>
    public static OracleRequest DrawPlain(LossCard card, Random random, int samples, int classes, int places = 0)
    {
        var draw = new RandomRequest(card, random);
        draw._lengths["N"] = samples;
        draw._lengths["C"] = classes;
        draw._rests["S"] = [samples];
        draw._rests["D"] = places == 0 ? [] : [places];
        draw._rests["P"] = [classes]; // places without classes: as many numbers
        draw.DrawInputs(optional: false, firstForm: 0);
        return draw._request;
    }

    private void DrawInputs(bool optional = true, int? firstForm = null)
    {
        Input[] given = [.. _card.Inputs.Where(input => input switch
        {
            { Groups: not Grouping.None } => false, // drawn with the first input, which it cuts
            { OneOf: { } group, Optional: true } => input == OneOf(group) && optional && Chance(0.6),
            { OneOf: { } group } => input == OneOf(group),
            { Beside: { } other } => IsChosen(other) && (!input.Optional || (optional && Chance(0.5))),
            { NeededWith: { } parameter } => IsAboveZero(parameter),
            _ => !input.Optional || (optional && Chance(0.5)),
        })];
        int alternative = firstForm ?? _random.Next(given[0].Forms.Count);
        Allow(given[0].Forms[alternative], alternative);
        Bind(given[0].Forms[alternative], alternative);
        DrawGroups(optional);
        foreach (Parameter parameter in _card.Parameters.Where(parameter => parameter.Below is not null))
        {
            if (_request.Parameters.TryGetValue(parameter.Name, out object? value))
            {
                _request.Parameters[parameter.Name] = (double)value! % _lengths[parameter.Below!];
            }
        }

        foreach (Parameter parameter in _card.Parameters.Where(parameter => parameter.LengthOf is not null))
        {
            object? length = _request.Parameters.GetValueOrDefault(parameter.Name, parameter.Default);
            _lengths[parameter.LengthOf!] = (int)(double)length!;
        }

        foreach (Input input in given.Where(input => !_request.Inputs.ContainsKey(input.Name)))
        {
            InputForm[] fitting = input == given[0]
                ? [input.Forms[alternative]]
                : [.. input.Forms.Where(form => Fits(form, input))];
            if (fitting.Length == 0)
            {
                continue; // weights of classes beside a first input that has none
            }

            InputForm form = fitting[_random.Next(fitting.Length)];
            Allow(form, alternative: 0);
            DrawExtent(input, form);
            _request.Inputs[input.Name] = Fill(ShapeOf(form.Pattern), () => Number(form, input));
            if (input.Forms.First(other => other.Axes == form.Axes) != form)
            {
                _request.Parameters["target_type"] = form.TargetType; // nothing else tells the two forms apart
            }

            BoxCorners.Order(input, _request.Inputs[input.Name].Values);
            PlaceTuples.Fill(form, _request.Inputs[input.Name].Values, _lengths.GetValueOrDefault("N"), _random);
        }

        Array.ForEach(given, input =>
            PlaceTuples.Name(input.Forms[0], _request.Inputs.GetValueOrDefault(input.Name)?.Values ?? [], _lengths));
    }

    private bool IsChosen(string name)
    {
        Input input = _card.InputAt(_card.PlaceOfInput(name));
        return input.OneOf is null || OneOf(input.OneOf) == input;
    }

    /// <summary>Keeps a choice that decides for a form, or makes it; null is kept only for the first form.</summary>
    private void Allow(InputForm form, int alternative)
    {
        if (form.With is { } with)
        {
            var word = (string?)_request.Parameters.GetValueOrDefault(with.Parameter.Name);
            if (word is null ? alternative > 0 : !with.Words.Contains(word))
            {
                _request.Parameters[with.Parameter.Name] = Pick([.. with.Words]);
            }
        }
    }

    /// <summary>Cuts a flat axis into lists, by their lengths or by ids, where the card has either: then there is an
    /// item a list.</summary>
    private void DrawGroups(bool optional)
    {
        Input[] cuts = [.. _card.Inputs.Where(input => input.Groups != Grouping.None)];
        if (cuts.Length == 0 || !optional || _first != "L" || Chance(0.3))
        {
            return;
        }

        var lengths = new List<double>();
        for (int left = _lengths["L"]; left > 0; left -= (int)lengths[^1])
        {
            lengths.Add(_random.Next(1, left + 1));
        }

        Input cut = cuts[_random.Next(cuts.Length)];
        double[] numbers = cut.Groups == Grouping.Lengths
            ? [.. lengths]
            : [.. lengths.SelectMany((length, list) => Enumerable.Repeat((double)list, (int)length))];
        _request.Inputs[cut.Name] = new(numbers, [numbers.Length]);
        _items = [lengths.Count];
    }

    /// <summary>Draws the length of an axis that a form says itself; of packed rows, the length of each.</summary>
    private void DrawExtent(Input input, InputForm form)
    {
        if (form.Introduces is not { } symbol)
        {
            return;
        }

        _lengths[symbol] =
            form.Kind == InputKind.Place ? PlaceTuples.Rows(form, _lengths["N"], _random)
            : form.IsInteger ? _random.Next(5) : _random.Next(1, 5);
        if (form.Packed)
        {
            double[] lengths = [.. Enumerable.Range(0, _lengths["N"]).Select(_ => (double)_random.Next(4))];
            _request.Inputs[input.CountedBy!] = lengths;
            _lengths[symbol] = (int)lengths.Sum();
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
        if (form.Parts is { } parts)
        {
            object? count = _request.Parameters.GetValueOrDefault(parts.Name, parts.Default);
            _lengths["B"] = (int)(double)count! * GetOrAdd(_lengths, "N", () => _random.Next(1, 6));
        }

        ShapeOf(form.Pattern);
        if (_card.ItemsWith is { } other
            && other.Word.Equals(_request.Parameters.GetValueOrDefault(other.Parameter.Name)))
        {
            items = other.Items.Split('|');
        }

        _items = ShapeOf(ShapePattern.Parse(items[Math.Min(alternative, items.Length - 1)].Trim()));
        _lengths["F"] = _items.Aggregate(1, (product, length) => product * length);
    }

    /// <summary>A card lists forms, not which of them go together: what is no weight never broadcasts, so it is shaped
    /// like the first input or like the items, and labels like the first input without its classes.</summary>
    private bool Fits(InputForm form, Input input)
    {
        bool isWeight = input.Optional && input.NeededWith is null && form.Kind == InputKind.Number;
        if (form.Introduces is null && (!Knows(form.Pattern) || isWeight))
        {
            return Knows(form.Pattern);
        }

        if (form.Kind == InputKind.Place || isWeight || (input.Beside is not null && form.Introduces is not null))
        {
            return true;
        }

        // The form that needs an axis comes first where the axis is there.
        if (form.Needs is not null || input.Forms.Any(other => other.Axes == form.Axes && other.Needs is { } axis && _lengths.ContainsKey(axis)))
        {
            return form.Needs is { } needed && _lengths.ContainsKey(needed);
        }

        if (form.IsShared)
        {
            return !form.Pattern.IsCut || _rests[form.Pattern.Rest!].Length > 0;
        }

        string shape = form.Pattern.Text;
        if (form.Introduces is not null || form.Kind == InputKind.Length)
        {
            bool samples = _lengths.ContainsKey("N");
            return form.Packed ? samples : samples == form.Pattern.Symbols.Contains("N");
        }

        if (form.Domain == Domain.Identity)
        {
            return shape == _itemsPattern.Text;
        }

        if (form is { Kind: InputKind.Label, Domain.Min: -1 })
        {
            return shape == _first;
        }

        return form.Kind == InputKind.Label
            ? shape == string.Join(' ', _first.Replace('B', 'N').Split(' ').Where(symbol => symbol is not ("C" or "E" or "K")))
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

        foreach (Conflict conflict in _card.Conflicts.Where(conflict => Chooses(conflict.First) && Chooses(conflict.Second)))
        {
            _request.Parameters.Remove(conflict.First.Parameter.Name);
        }
    }

    private bool Chooses(FormWith choice) => choice.Words.Contains(
        _request.Parameters.GetValueOrDefault(choice.Parameter.Name, choice.Parameter.Words[(int)choice.Parameter.Default]));

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
        int[] leading = [.. pattern.Symbols.Select(symbol => char.IsAsciiDigit(symbol[0])
            ? symbol[0] - '0'
            : GetOrAdd(_lengths, symbol, () => symbol == "N" ? _random.Next(1, 6) : _random.Next(2, 7)))];
        if (pattern.Rest is null)
        {
            return leading;
        }

        int[] rest = GetOrAdd(_rests, pattern.Rest, () => Rest(pattern.Symbols.Count));
        return [.. leading, .. pattern.IsCut ? rest[..^1] : rest, .. pattern.Last];
    }

    /// <summary>Axes for a star: none to three short ones; where the star is all, sometimes one long one.</summary>
    private int[] Rest(int leading) => leading == 0 && Chance(0.3)
        ? [_random.Next(258)]
        : [.. Enumerable.Range(0, _random.Next(leading == 0 ? 4 : 3)).Select(_ => _random.Next(1, 5))];

    private static T GetOrAdd<T>(Dictionary<string, T> known, string symbol, Func<T> make) =>
        known.TryGetValue(symbol, out T? value) ? value : known[symbol] = make();

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

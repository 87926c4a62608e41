using System.Globalization;
using LossService.Conformance.Agreement;
using LossService.Conformance.Oracles.Harness;
using LossService.Engine.Cards;

namespace LossService.Conformance.Golden;

/// <summary>The requests worth keeping of a loss, drawn from its card: some at random that together use every form,
/// option and common member, and its edges.</summary>
internal sealed class GoldenRequests(LossCard card)
{
    private const int Seed = 20261124;
    private const int Candidates = 300;
    private const int RandomMax = 12;
    private const int ElementsMax = 18; // of one input, so that a file stays small enough to read
    private const int Samples = 4;
    private const int Classes = 3;
    private const int Attempts = 10;

    private static readonly double[] Grid = [-1, -0.5, 0, 0.5, 1];

    private readonly Random _random = new(Seed);

    /// <summary>All of them, by name. Some edges are drawn several times: the first that libtorch can answer is kept.</summary>
    public IEnumerable<(string Name, OracleRequest Request)> All() => AtRandom()
        .Select((request, i) => ($"random {i + 1}", request))
        .Concat(Edges())
        .Select(named => (named.Item1, Rounded(named.Item2)));

    /// <summary>Greedily the request that shows most that no other has shown yet, until nothing new is left.</summary>
    private IEnumerable<OracleRequest> AtRandom()
    {
        List<OracleRequest> candidates = [.. Enumerable.Range(0, Candidates)
            .Select(_ => RandomRequest.Draw(card, _random).InFloat64())
            .Where(request => request.Inputs.Values.All(input => input.Values.Length <= ElementsMax))];
        var shown = new HashSet<string>();
        for (int i = 0; i < RandomMax; i++)
        {
            OracleRequest best = candidates.MaxBy(request => Shows(request).Count(feature => !shown.Contains(feature)))!;
            if (Shows(best).All(shown.Contains))
            {
                yield break;
            }

            shown.UnionWith(Shows(best));
            yield return best;
        }
    }

    private static IEnumerable<string> Shows(OracleRequest request)
    {
        object? reduction = request.Parameters["reduction"];
        IEnumerable<string> settings = request.Parameters
            .Select(setting => setting.Value is double ? setting.Key : $"{setting.Key} {setting.Value}");
        return request.Inputs
            .SelectMany(input => (string[])[$"{input.Key} {input.Value.Shape.Length}", $"{input.Key} {reduction}"])
            .Concat(settings);
    }

    private IEnumerable<(string Name, OracleRequest Request)> Edges()
    {
        yield return ("defaults", Curved(Plain()));
        yield return ("defaults, said", Said(Plain()));
        foreach ((string parameter, string word) in Choices())
        {
            for (int i = 0; i < Attempts; i++)
            {
                yield return ($"grid, {parameter} {word}", Set(EachNumber(Plain(NeedsPlaces(parameter)), OnGrid), parameter, word));
            }
        }

        yield return ("all equal", EachNumber(Plain(), domain => Math.Clamp(0.5, domain.Min, domain.Max)));
        yield return ("zeros", EachNumber(Plain(), domain => Math.Clamp(0, domain.Min, domain.Max)));
        yield return ("bounds", EachNumber(Plain(), AtBounds));
        yield return ("saturated", Curved(EachNumber(Plain(), Saturated)));
        for (int i = 0; i < Attempts; i++)
        {
            yield return ("one Infinity", OneInfinite(Plain(), double.PositiveInfinity));
            yield return ("one -Infinity", OneInfinite(Plain(), double.NegativeInfinity));
        }

        yield return ("first sample hidden", FirstHidden(Plain(PerSample.Of(card) is not null)));
        yield return ("nothing left", Mask(Plain(PerSample.Of(card) is not null), _ => false));
        foreach (string empty in (string[])["zero", "nan"])
        {
            OracleRequest none = RandomRequest.DrawPlain(card, _random, samples: 0, Classes).InFloat64();
            yield return ($"empty, {empty}", Set(none, "empty", empty));
        }

        if (card.IgnoreIndex is not null)
        {
            yield return ("one ignored", Ignored(1));
            yield return ("all ignored", Ignored(Samples));
        }

        foreach (Preset preset in card.Presets)
        {
            yield return ($"preset {preset.Name}", Set(Plain(), "preset", preset.Name));
        }
    }

    private OracleRequest Plain(bool withPlaces = false) =>
        RandomRequest.DrawPlain(card, _random, Samples, Classes, withPlaces ? 2 : 0).InFloat64();

    /// <summary>True where samples become items: a sample of one place would say little of a sum over places.</summary>
    private bool NeedsPlaces(string parameter) => PerSample.Of(card)?.Parameter.Name == parameter;

    private OracleRequest Curved(OracleRequest request) =>
        card.HasHessian ? Set(request, "hessian", "diagonal") : request;

    /// <summary>Every default given as if it were not one, where it has a value.</summary>
    private OracleRequest Said(OracleRequest request)
    {
        foreach (Parameter parameter in card.Parameters.Where(parameter => !double.IsNaN(parameter.Default)))
        {
            request.Parameters[parameter.Name] = parameter.Kind switch
            {
                ParameterKind.Flag => parameter.Default == 1,
                ParameterKind.Choice => parameter.Words[(int)parameter.Default],
                _ => parameter.Default,
            };
        }

        return request;
    }

    private IEnumerable<(string Parameter, string Word)> Choices() => card.Parameters
        .Where(parameter => parameter.Kind == ParameterKind.Choice)
        .Append(Common.Tie)
        .SelectMany(parameter => parameter.Words
            .Where(word => card.Inputs[0].Forms[0].With is not { } with || with.Parameter != parameter || with.Words.Contains(word))
            .Select(word => (parameter.Name, word)));

    /// <summary>Inputs of plain numbers: no labels, no signs, no weights.</summary>
    private IEnumerable<Input> Numbers => card.Inputs.Where(input =>
        !input.MayBeLabel && input.Domain.Values is null && input.Name != Common.WeightName);

    private OracleRequest EachNumber(OracleRequest request, Func<Domain, double> number)
    {
        foreach (Input input in Numbers.Where(input => request.Inputs.ContainsKey(input.Name)))
        {
            double[] values = request.Inputs[input.Name].Values;
            for (int i = 0; i < values.Length; i++)
            {
                values[i] = number(input.Domain);
            }
        }

        return request;
    }

    private double OnGrid(Domain domain) => Math.Clamp(Grid[_random.Next(Grid.Length)], domain.Min, domain.Max);

    private double AtBounds(Domain domain)
    {
        bool low = _random.Next(2) == 0;
        return double.IsFinite(domain.Max) ? (low ? domain.Min : domain.Max) : OnGrid(domain);
    }

    private double Saturated(Domain domain) =>
        double.IsFinite(domain.Max) ? AtBounds(domain) : Math.Max(domain.Min, 1000 * Math.Sign(OnGrid(domain)));

    private OracleRequest OneInfinite(OracleRequest request, double infinity)
    {
        Input[] open = [.. Numbers.Where(input => !input.Domain.Finite && request.Inputs.ContainsKey(input.Name))];
        if (open.Length > 0)
        {
            double[] values = request.Inputs[open[_random.Next(open.Length)].Name].Values;
            values[_random.Next(values.Length)] = infinity;
        }

        return request;
    }

    private OracleRequest FirstHidden(OracleRequest request)
    {
        foreach (Input input in card.Inputs.Where(input => input.Name != Common.WeightName))
        {
            // Places stay: they point at the hidden sample too.
            if (request.Inputs.TryGetValue(input.Name, out OracleArray? array)
                && input.Forms[0].Kind != InputKind.Place)
            {
                double senseless = Numbers.Contains(input) && !input.Domain.Finite ? double.NaN : 99;
                array.Values.AsSpan(0, array.Values.Length / Samples).Fill(senseless);
            }
        }

        return Mask(request, sample => sample > 0);
    }

    private OracleRequest Mask(OracleRequest request, Func<int, bool> counts)
    {
        if (PerSample.Of(card) is { } own)
        {
            request.Parameters[own.Parameter.Name] = own.Word;
        }

        request.Inputs["mask"] = Enumerable.Range(0, Samples).Select(sample => counts(sample) ? 1.0 : 0).ToArray();
        return request;
    }

    private OracleRequest Ignored(int samples)
    {
        OracleRequest request;
        do
        {
            request = Plain();
        }
        while (card.InputAt(card.PlaceOfInput("targets")).MayBeNumber
            && request.Inputs["targets"].Shape.Length > 1); // probabilities are never ignored

        request.Inputs["targets"].Values.AsSpan(0, samples).Fill(card.IgnoreIndex!.Default);
        return request;
    }

    private static OracleRequest Set(OracleRequest request, string parameter, string word)
    {
        request.Parameters[parameter] = word;
        return request;
    }

    /// <summary>Three digits are enough of a number that was drawn, and easier to read.</summary>
    private OracleRequest Rounded(OracleRequest request) => request with
    {
        Inputs = request.Inputs.ToDictionary(
            input => input.Key, input => input.Value with { Values = Ordered(input.Key, [.. input.Value.Values.Select(Rounded)]) }),
        Parameters = request.Parameters.ToDictionary(
            setting => setting.Key, setting => setting.Value is double number ? Rounded(number) : setting.Value),
    };

    private double[] Ordered(string input, double[] values)
    {
        BoxCorners.Order(card.InputAt(card.PlaceOfInput(input)), values);
        return values;
    }

    private static double Rounded(double number) =>
        double.Parse(number.ToString("G3", CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);
}

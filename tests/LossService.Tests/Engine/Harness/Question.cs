using System.Globalization;
using System.Text.Json;
using LossService.Engine;
using LossService.Engine.Cards;
using Xunit;

namespace LossService.Tests.Engine.Harness;

/// <summary>A request as a value: cheap to copy, to change in one place, to slice and to print.</summary>
internal sealed class Question(LossCard card)
{
    public LossCard Card { get; } = card;

    public Dictionary<string, Given> Inputs { get; private init; } = [];

    /// <summary>Values as <see cref="Parameter"/> carries them.</summary>
    public Dictionary<string, double> Parameters { get; private init; } = [];

    /// <summary>The inputs to differentiate; null for every input that can be.</summary>
    public IReadOnlyList<string>? Gradients { get; init; }

    public bool IsFloat64 => Parameters.GetValueOrDefault("dtype") == 1;

    /// <summary>How many samples there are; 1 where there is no axis of samples.</summary>
    public int Samples => Inputs.Values
        .Where(input => input is { Slicing: Slicing.FirstAxis or Slicing.SecondAxis, Shape.Length: > 0 })
        .Select(input => input.Shape[input.Slicing == Slicing.SecondAxis ? 1 : 0]).FirstOrDefault(1);

    /// <summary>Reads a question as a request writes it, but in float64 unless it says otherwise.</summary>
    public static Question Of(string loss, string json) => Of(Catalogue.Find(loss)!.Card, json);

    public static Question Of(LossCard card, string json)
    {
        using var body = JsonDocument.Parse(json);
        IReadOnlyList<string>? gradients = body.RootElement.TryGetProperty(Common.GradientsName, out JsonElement list)
            ? [.. list.EnumerateArray().Select(name => name.GetString()!)] : null;
        var question = new Question(card) { Gradients = gradients };
        question.Parameters["dtype"] = 1;
        foreach (JsonProperty member in body.RootElement.EnumerateObject())
        {
            if (card.PlaceOfInput(member.Name) >= 0)
            {
                question.Inputs[member.Name] = Read(member.Value);
            }
            else if (member.Name != Common.GradientsName)
            {
                int place = card.PlaceOfParameter(member.Name);
                Assert.True(place >= 0, $"{card.Name} has no member {member.Name}");
                question.Parameters[member.Name] = ParameterText.Parse(card.ParameterAt(place), member.Value.ToString() is { Length: > 0 } text
                    ? text is "True" or "False" ? text.ToLowerInvariant() : text : "null");
            }
        }

        return question;
    }

    public Question Copy(IReadOnlyList<string>? gradients = null) => new(Card)
    {
        Inputs = new(Inputs),
        Parameters = new(Parameters),
        Gradients = gradients ?? Gradients,
    };

    public Question With(string parameter, double value)
    {
        Question copy = Copy();
        copy.Parameters[parameter] = value;
        return copy;
    }

    public Question With(string parameter, string word) =>
        With(parameter, ParameterText.Parse(Card.ParameterAt(Card.PlaceOfParameter(parameter)), word));

    public Question With(string input, Given given)
    {
        Question copy = Copy();
        copy.Inputs[input] = given;
        return copy;
    }

    public Question Without(params string[] names)
    {
        Question copy = Copy();
        foreach (string name in names)
        {
            copy.Inputs.Remove(name);
            copy.Parameters.Remove(name);
        }

        return copy;
    }

    /// <summary>The question for these samples alone, in this order.</summary>
    public Question Select(params int[] samples)
    {
        Question copy = Copy();
        int of = Samples;
        foreach ((string name, Given given) in Inputs)
        {
            copy.Inputs[name] = given.Select(samples, of);
        }

        return copy;
    }

    /// <summary>The same question in float32, its numbers rounded once.</summary>
    public Question AsFloat32()
    {
        Question copy = With("dtype", 0);
        foreach ((string name, Given given) in Inputs)
        {
            copy.Inputs[name] = given with { Values = [.. given.Values.Select(value => (double)(float)value)] };
        }

        return copy;
    }

    public override string ToString()
    {
        IEnumerable<string> parameters = Parameters.Select(pair =>
            $"{pair.Key}={ParameterText.Format(Card.ParameterAt(Card.PlaceOfParameter(pair.Key)), pair.Value)}");
        IEnumerable<string> inputs = Inputs.Select(pair => $"{pair.Key}[{string.Join(",", pair.Value.Shape)}]={Text(pair.Value.Values)}");
        return $"{Card.Name}({string.Join(", ", parameters.Concat(inputs))})";
    }

    private static string Text(double[] values) =>
        string.Join(' ', values.Take(40).Select(value => value.ToString("R", CultureInfo.InvariantCulture)))
        + (values.Length > 40 ? " …" : "");

    private static Given Read(JsonElement element)
    {
        var values = new List<double>();
        var shape = new List<int>();
        Read(element, 0, values, shape);
        return new([.. values], [.. shape]);
    }

    private static void Read(JsonElement element, int depth, List<double> values, List<int> shape)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.Array:
                if (shape.Count == depth)
                {
                    shape.Add(element.GetArrayLength());
                }

                foreach (JsonElement child in element.EnumerateArray())
                {
                    Read(child, depth + 1, values, shape);
                }

                break;
            case JsonValueKind.String:
                values.Add(double.Parse(element.GetString()!, CultureInfo.InvariantCulture));
                break;
            case JsonValueKind.True or JsonValueKind.False:
                values.Add(element.GetBoolean() ? 1 : 0);
                break;
            default:
                values.Add(element.GetDouble());
                break;
        }
    }
}

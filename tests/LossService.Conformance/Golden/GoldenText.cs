using System.Text;
using System.Text.Json.Nodes;
using LossService.Conformance.Oracles.Harness;
using LossService.Engine.Cards;

namespace LossService.Conformance.Golden;

/// <summary>Writes golden vectors as JSON: a line a tensor, so that a difference can be read.</summary>
internal static class GoldenText
{
    /// <summary>The whole file of a loss.</summary>
    public static string Of(LossCard card, IEnumerable<GoldenVector> vectors)
    {
        var file = new JsonObject
        {
            ["loss"] = card.Name,
            ["source"] = "libtorch, its autograd, float64; written by tests/LossService.Conformance/Golden",
            ["vectors"] = new JsonArray([.. vectors.Select(vector => new JsonObject
            {
                ["name"] = vector.Name,
                ["request"] = Of(card, vector.Request),
                ["answer"] = Of(vector.Answer),
            })]),
        };
        var text = new StringBuilder();
        Append(text, file, indent: 0);
        return text.Append('\n').ToString();
    }

    private static JsonObject Of(LossCard card, OracleRequest request)
    {
        var body = new JsonObject();
        foreach ((string name, OracleArray array) in request.Inputs)
        {
            bool flags = card.InputAt(card.PlaceOfInput(name)).IsFlag;
            body[name] = Of(array, flags ? value => JsonValue.Create(value == 1) : Number);
        }

        foreach ((string name, object? value) in request.Parameters)
        {
            body[name] = value switch
            {
                null => null,
                bool flag => flag,
                string word => word,
                _ => Number((double)value),
            };
        }

        body[Common.ReturnItems.Name] = true;
        body[Common.GradientsName] = new JsonArray([.. request.Gradients!.Select(name => JsonValue.Create(name))]);
        return body;
    }

    private static JsonObject Of(OracleAnswer answer)
    {
        var members = new JsonObject();
        if (answer.Loss is double loss)
        {
            members["loss"] = Number(loss);
        }

        members["losses"] = Of(answer.Losses, Number);
        if (answer.Normalizer is { } normalizer)
        {
            members["normalizer"] = new JsonObject
            {
                ["rule"] = normalizer.Rule,
                ["value"] = Number(normalizer.Value),
            };
        }

        members["gradients"] = Of(answer.Gradients);
        if (answer.Hessians.Count > 0)
        {
            members["hessian"] = Of(answer.Hessians);
        }

        return members;
    }

    private static JsonObject Of(IReadOnlyDictionary<string, OracleArray> arrays) => new(
        arrays.Select(array => KeyValuePair.Create(array.Key, (JsonNode?)Of(array.Value, Number))));

    private static JsonObject Of(OracleArray array, Func<double, JsonNode> element) => new()
    {
        ["shape"] = new JsonArray([.. array.Shape.Select(length => JsonValue.Create(length))]),
        ["data"] = new JsonArray([.. array.Values.Select(element)]),
    };

    private static JsonValue Number(double value) => double.IsNaN(value) ? JsonValue.Create("NaN")
        : double.IsInfinity(value) ? JsonValue.Create(value > 0 ? "Infinity" : "-Infinity")
        : JsonValue.Create(value);

    private static void Append(StringBuilder text, JsonNode? node, int indent)
    {
        IReadOnlyList<(string Prefix, JsonNode? Node)> children = node switch
        {
            JsonObject members when !members.ContainsKey("data") && !members.ContainsKey("rule") =>
                [.. members.Select(member => ($"{JsonValue.Create(member.Key).ToJsonString()}: ", member.Value))],
            JsonArray items when items.Any(item => item is JsonObject) => [.. items.Select(item => ("", item))],
            _ => [],
        };
        if (children.Count == 0)
        {
            text.Append(node?.ToJsonString() ?? "null");
            return;
        }

        string margin = new(' ', indent + 2);
        text.Append(node is JsonObject ? '{' : '[');
        for (int i = 0; i < children.Count; i++)
        {
            text.Append(i == 0 ? "\n" : ",\n").Append(margin).Append(children[i].Prefix);
            Append(text, children[i].Node, indent + 2);
        }

        text.Append('\n').Append(margin.AsSpan(2)).Append(node is JsonObject ? '}' : ']');
    }
}

using System.Text.Json;
using System.Text.Json.Nodes;

namespace LossService.Tests.Faults;

/// <summary>Changes what a body says and not how it is written: the text stays JSON, so that the mutant comes as far as the
/// check and the kernel.</summary>
internal sealed class TreeMutator(Random random)
{
    private static readonly JsonSerializerOptions Plain = new() { MaxDepth = 64 };

    private static readonly string[] Values =
    [
        "0", "-0", "1", "-1", "0.5", "2", "1e-40", "3.4028235e38", "1e300", "2147483647", "-2147483648", "\"NaN\"", "\"Infinity\"",
        "\"-Infinity\"", "true", "false", "null", "\"sum\"", "\"none\"", "\"float64\"", "[]", "[[]]", "{}", "[1]", "[[1,2],[3,4]]",
        """{"shape":[2,2],"data":[1,2,3,4]}""", """{"shape":[0,3],"data":[]}""", """{"shape":[1],"base64":"AACAPw=="}""",
    ];

    private static readonly (string Name, string[] Values)[] Members =
    [
        ("reduction", ["\"none\"", "\"sum\"", "\"mean\""]), ("dtype", ["\"float64\"", "\"float32\""]), ("gradients", ["[]", "\"none\"", "\"all\""]),
        ("hessian", ["\"diagonal\"", "\"none\""]), ("mask", ["[true]", "[1,0]", "[[true,false]]"]), ("sample_weight", ["[1]", "[0,2]", "-1"]),
        ("return_items", ["true"]), ("non_finite", ["\"error\"", "\"allow\""]), ("empty", ["\"nan\"", "\"zero\""]), ("avg_factor", ["0", "2"]),
        ("preset", ["\"pytorch\"", "\"keras\"", "\"mmdet\"", "\"optax\"", "\"tfa\"", "\"pml\"", "\"xgboost\""]), ("weight", ["[1,2]", "[1]"]),
    ];

    /// <summary>A changed copy; the body itself where it is no object.</summary>
    public byte[] Mutate(byte[] body, byte[] other)
    {
        if (JsonNode.Parse(body) is not JsonObject root)
        {
            return body;
        }

        for (int edits = random.Next(1, 4); edits > 0; edits--)
        {
            switch (random.Next(6))
            {
                case 0:
                    (string name, string[] values) = Members[random.Next(Members.Length)];
                    root[name] = JsonNode.Parse(values[random.Next(values.Length)]);
                    break;
                case 1 when JsonNode.Parse(other) is JsonObject { Count: > 0 } stranger:
                    KeyValuePair<string, JsonNode?> member = stranger.ElementAt(random.Next(stranger.Count));
                    root[member.Key] = member.Value?.DeepClone();
                    break;
                default:
                    Change(root);
                    break;
            }
        }

        return JsonSerializer.SerializeToUtf8Bytes(root, Plain);
    }

    // Somewhere below a node; the deeper, the more there is.
    private void Change(JsonNode node)
    {
        switch (node)
        {
            case JsonObject { Count: > 0 } members:
                string name = members.ElementAt(random.Next(members.Count)).Key;
                if (members[name] is (JsonObject or JsonArray) and { } inner && random.Next(8) != 0)
                {
                    Change(inner);
                }
                else if (random.Next(6) == 0)
                {
                    members.Remove(name);
                }
                else
                {
                    members[name] = Value();
                }

                break;
            case JsonArray { Count: > 0 } items:
                int at = random.Next(items.Count);
                if (items[at] is (JsonObject or JsonArray) and { } below && random.Next(3) != 0)
                {
                    Change(below);
                    break;
                }

                switch (random.Next(6))
                {
                    case 0:
                        items.RemoveAt(at);
                        break;
                    case 1:
                        items.Insert(at, items[at]?.DeepClone());
                        break;
                    case 2:
                        items.Clear();
                        break;
                    default:
                        items[at] = Value();
                        break;
                }

                break;
            default:
                break;
        }
    }

    private JsonNode? Value() => JsonNode.Parse(Values[random.Next(Values.Length)]);
}

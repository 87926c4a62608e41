using System.Globalization;
using System.Text.Json;
using LossService.Conformance.Oracles.Harness;

namespace LossService.Conformance.Golden;

/// <summary>A request and libtorch's answer to it, kept so that nobody needs libtorch to check a loss.</summary>
/// <remarks>A file holds those of one loss. Its requests may be posted to the service as they stand; its answers have
/// the names of the service's own. Another implementation may be checked against them just as well.</remarks>
/// <param name="Name">What it is about, for a test that fails.</param>
/// <param name="Request">The request, with the members of an HTTP request.</param>
/// <param name="Answer">What libtorch answers, with the members of an HTTP answer.</param>
internal sealed record GoldenVector(string Name, OracleRequest Request, OracleAnswer Answer)
{
    /// <summary>The folder of all files, from the root of the repository.</summary>
    public const string Folder = "tests/LossService.Tests/Golden/vectors";

    /// <summary>The vectors of one loss.</summary>
    public static IReadOnlyList<GoldenVector> Read(string root, string loss)
    {
        using var document = JsonDocument.Parse(File.ReadAllText(PathOf(root, loss)));
        string name = document.RootElement.GetProperty("loss").GetString()!;
        return [.. document.RootElement.GetProperty("vectors").EnumerateArray().Select(vector => new GoldenVector(
            vector.GetProperty("name").GetString()!,
            ReadRequest(name, vector.GetProperty("request")),
            ReadAnswer(vector.GetProperty("answer"))))];
    }

    /// <summary>The file of one loss.</summary>
    public static string PathOf(string root, string loss) => Path.Combine(root, Folder, loss + ".json");

    private static OracleRequest ReadRequest(string loss, JsonElement body)
    {
        var request = new OracleRequest(loss);
        foreach (JsonProperty member in body.EnumerateObject())
        {
            switch (member.Value.ValueKind)
            {
                case JsonValueKind.Object:
                    request.Inputs[member.Name] = ReadArray(member.Value);
                    break;
                case JsonValueKind.Array:
                    string[] gradients = [.. member.Value.EnumerateArray().Select(name => name.GetString()!)];
                    request = request with { Gradients = gradients };
                    break;
                default:
                    request.Parameters[member.Name] = ReadSetting(member.Value);
                    break;
            }
        }

        return request;
    }

    private static OracleAnswer ReadAnswer(JsonElement answer) => new()
    {
        Loss = answer.TryGetProperty("loss", out JsonElement loss) ? ReadNumber(loss) : null,
        Losses = ReadArray(answer.GetProperty("losses")),
        Normalizer = answer.TryGetProperty("normalizer", out JsonElement normalizer)
            ? (normalizer.GetProperty("rule").GetString()!, ReadNumber(normalizer.GetProperty("value")))
            : null,
        Gradients = ReadByName(answer, "gradients"),
        Hessians = ReadByName(answer, "hessian"),
    };

    private static Dictionary<string, OracleArray> ReadByName(JsonElement answer, string member) =>
        answer.TryGetProperty(member, out JsonElement arrays)
            ? arrays.EnumerateObject().ToDictionary(array => array.Name, array => ReadArray(array.Value))
            : [];

    private static OracleArray ReadArray(JsonElement array) => new(
        [.. array.GetProperty("data").EnumerateArray().Select(ReadNumber)],
        [.. array.GetProperty("shape").EnumerateArray().Select(length => length.GetInt64())]);

    private static object? ReadSetting(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Null => null,
        JsonValueKind.String => value.GetString(),
        JsonValueKind.Number => value.GetDouble(),
        _ => value.GetBoolean(),
    };

    private static double ReadNumber(JsonElement number) => number.ValueKind switch
    {
        JsonValueKind.Number => number.GetDouble(),
        JsonValueKind.String => double.Parse(number.GetString()!, CultureInfo.InvariantCulture), // NaN, ±Infinity
        _ => number.GetBoolean() ? 1 : 0,
    };
}

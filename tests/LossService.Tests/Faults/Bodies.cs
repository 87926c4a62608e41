using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;

namespace LossService.Tests.Faults;

/// <summary>Bodies for cross_entropy of any size and magnitude, in every format.</summary>
internal static class Bodies
{
    public const string Loss = "cross_entropy";

    /// <summary>The example of a card.</summary>
    public static Call Example(LossService.Engine.Cards.LossCard card) => Call.Of(card.Name, card.Examples[0].Body);

    public static Call Nested(int rows, int classes, double magnitude = 1)
    {
        float[] logits = Logits(rows, classes, magnitude);
        IEnumerable<string> lines = Enumerable.Range(0, rows).Select(row =>
            $"[{string.Join(',', logits.AsSpan(row * classes, classes).ToArray().Select(Text))}]");
        return Call.Of(Loss, $$"""{"dtype":"float32","logits":[{{string.Join(',', lines)}}],"targets":[{{Labels(rows, classes)}}]}""") with
        {
            Elements = rows * classes,
        };
    }

    public static Call Base64(int rows, int classes, double magnitude = 1)
    {
        string text = Convert.ToBase64String(MemoryMarshal.AsBytes<float>(Logits(rows, classes, magnitude)));
        return Call.Of(Loss, $$"""
            {"dtype":"float32","logits":{"shape":[{{rows}},{{classes}}],"base64":"{{text}}"},"targets":[{{Labels(rows, classes)}}]}
            """) with
        {
            Elements = rows * classes,
        };
    }

    public static Call Safetensors(int rows, int classes, double magnitude = 1)
    {
        int split = rows * classes * sizeof(float);
        int[] labels = [.. Enumerable.Range(0, rows).Select(row => row % classes)];
        byte[] header = JsonSerializer.SerializeToUtf8Bytes(new Dictionary<string, object>
        {
            ["logits"] = new { dtype = "F32", shape = new[] { rows, classes }, data_offsets = new[] { 0, split } },
            ["targets"] = new { dtype = "I32", shape = new[] { rows }, data_offsets = new[] { split, split + (rows * sizeof(int)) } },
        });
        return new(Loss,
        [
            .. MemoryMarshal.AsBytes<long>([header.Length]), .. header,
            .. MemoryMarshal.AsBytes<float>(Logits(rows, classes, magnitude)), .. MemoryMarshal.AsBytes<int>(labels),
        ])
        {
            ContentType = Call.Safetensors,
            Elements = rows * classes,
        };
    }

    private static float[] Logits(int rows, int classes, double magnitude)
    {
        var random = new Random((rows * 1000) + classes);
        return [.. Enumerable.Range(0, rows * classes).Select(_ => (float)(magnitude * (1 + random.NextDouble())))];
    }

    private static string Labels(int rows, int classes) =>
        string.Join(',', Enumerable.Range(0, rows).Select(row => row % classes));

    private static string Text(float value) => value.ToString("R", CultureInfo.InvariantCulture);
}

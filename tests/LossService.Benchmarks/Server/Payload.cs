using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using LossService.Benchmarks.Kernels;

namespace LossService.Benchmarks.Server;

/// <summary>Requests for the cross-entropy of rows of classes, with gradients.</summary>
internal static class Payload
{
    /// <summary>Where every server answers them.</summary>
    public const string Path = "/v1/losses/cross_entropy";

    /// <summary>The media type of safetensors.</summary>
    public const string RawType = "application/vnd.safetensors";

    /// <summary>The JSON body.</summary>
    public static byte[] Json(int rows, int classes)
    {
        var random = new Random(3);
        var text = new StringBuilder("{\"logits\":[");
        for (int row = 0; row < rows; row++)
        {
            text.Append(row == 0 ? "[" : ",[");
            for (int c = 0; c < classes; c++)
            {
                text.Append(c == 0 ? "" : ",");
                text.Append(((float)(2 * Given.Normal(random))).ToString("R", CultureInfo.InvariantCulture));
            }

            text.Append(']');
        }

        text.Append("],\"targets\":[");
        text.AppendJoin(',', Enumerable.Range(0, rows).Select(_ => random.Next(classes)));
        return Encoding.ASCII.GetBytes(text.Append("]}").ToString());
    }

    /// <summary>The same numbers as safetensors: the length of the header, the header, the floats, the labels.</summary>
    public static byte[] Safetensors(int rows, int classes)
    {
        var random = new Random(3);
        float[] logits = new float[rows * classes];
        for (int i = 0; i < logits.Length; i++)
        {
            logits[i] = (float)(2 * Given.Normal(random));
        }

        long[] targets = [.. Enumerable.Range(0, rows).Select(_ => (long)random.Next(classes))];
        int middle = logits.Length * sizeof(float);
        int end = middle + (targets.Length * sizeof(long));
        string floats = Entry("logits", "F32", $"{rows},{classes}", 0, middle);
        string labels = Entry("targets", "I64", $"{rows}", middle, end);
        string header = $"{{{floats},{labels}}}";
        header = header.PadRight((header.Length + 7) & ~7); // the format aligns its data
        return
        [
            .. BitConverter.GetBytes((long)header.Length), .. Encoding.ASCII.GetBytes(header),
            .. MemoryMarshal.AsBytes(logits.AsSpan()), .. MemoryMarshal.AsBytes(targets.AsSpan()),
        ];
    }

    /// <summary>The whole request with this body of JSON.</summary>
    public static byte[] Request(byte[] body) => Connection.Request("POST", Path, "application/json", body);

    /// <summary>The whole request with this body of safetensors.</summary>
    public static byte[] RawRequest(byte[] body) => Connection.Request("POST", Path, RawType, body);

    /// <summary>Whether this server takes safetensors.</summary>
    public static bool IsRawTaken(ServerProcess server)
    {
        using var connection = new Connection(server.Port);
        return connection.Send(RawRequest(Safetensors(2, 3))) == 200;
    }

    /// <summary>The loss in an answer of either format.</summary>
    public static double LossOf(byte[] answer, bool raw)
    {
        int header = raw ? (int)BitConverter.ToInt64(answer) : answer.Length;
        using JsonDocument document = JsonDocument.Parse(answer.AsMemory(raw ? sizeof(long) : 0, header));
        JsonElement loss = document.RootElement.GetProperty("loss");
        return raw
            ? BitConverter.ToSingle(answer, sizeof(long) + header + loss.GetProperty("data_offsets")[0].GetInt32())
            : loss.GetDouble();
    }

    private static string Entry(string name, string dtype, string shape, int start, int end) =>
        $$"""
        "{{name}}":{"dtype":"{{dtype}}","shape":[{{shape}}],"data_offsets":[{{start}},{{end}}]}
        """;
}

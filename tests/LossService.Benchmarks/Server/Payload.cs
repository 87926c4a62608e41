using System.Globalization;
using System.Text;
using LossService.Benchmarks.Kernels;

namespace LossService.Benchmarks.Server;

/// <summary>Requests for the cross-entropy of rows of classes, with gradients.</summary>
internal static class Payload
{
    /// <summary>Where every server answers them.</summary>
    public const string Path = "/v1/losses/cross_entropy";

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

    /// <summary>The whole request with this body.</summary>
    public static byte[] Request(byte[] body) => Connection.Request("POST", Path, "application/json", body);
}

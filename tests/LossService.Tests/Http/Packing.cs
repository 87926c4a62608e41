using System.IO.Compression;

namespace LossService.Tests.Http;

/// <summary>Bodies packed for the way.</summary>
internal static class Packing
{
    /// <summary>A body in a Content-Encoding, gzip or deflate.</summary>
    public static byte[] Of(string coding, byte[] body)
    {
        using var packed = new MemoryStream();
        using (Stream packing = coding == "deflate"
            ? new ZLibStream(packed, CompressionLevel.Optimal, leaveOpen: true)
            : new GZipStream(packed, CompressionLevel.Optimal, leaveOpen: true))
        {
            packing.Write(body);
        }

        return packed.ToArray();
    }
}

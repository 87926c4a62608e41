using System.Net;
using System.Text;

namespace LossService.Tests.Faults;

/// <summary>A request for one loss, and what happens to it on its way.</summary>
internal sealed record Call(string Loss, byte[] Body)
{
    public const string Json = "application/json";
    public const string Safetensors = "application/vnd.safetensors";

    public string Method { get; init; } = "POST";

    public string Path { get; init; } = $"/v1/losses/{Loss}";

    public string Query { get; init; } = "";

    public string ContentType { get; init; } = Json;

    public string? ContentEncoding { get; init; }

    public string Accept { get; init; } = "*/*";

    /// <summary>How long its caller waits, in milliseconds.</summary>
    public int? TimeLeft { get; init; }

    /// <summary>The address of its caller.</summary>
    public IPAddress? From { get; init; }

    /// <summary>How many numbers its answer holds.</summary>
    public int Elements { get; init; }

    /// <summary>How much of the body every read brings.</summary>
    public int PieceBytes { get; init; } = 32 << 10;

    /// <summary>Whether the request's head tells how long the body is.</summary>
    public bool HasLength { get; init; } = true;

    public Action? BeforeRead { get; init; }

    public Action? BeforeRoom { get; init; }

    /// <summary>True where the reader of the answer is found to be gone.</summary>
    public Func<bool>? BeforeFlush { get; init; }

    /// <summary>What the server tells when the client goes away.</summary>
    public CancellationTokenSource? Gone { get; init; }

    /// <summary>A request without a body.</summary>
    public static Call To(string method, string path) => new("", []) { Method = method, Path = path };

    public static Call Of(string loss, string json) => new(loss, Encoding.UTF8.GetBytes(json));
}

/// <summary>What came of a call.</summary>
/// <param name="Status">The status; that of an aborted answer says nothing.</param>
/// <param name="Body">All bytes of the answer.</param>
/// <param name="Started">True when bytes have left.</param>
/// <param name="Aborted">True when the service broke the connection off.</param>
internal sealed record Reply(int Status, byte[] Body, bool Started, bool Aborted)
{
    public string Text => Encoding.UTF8.GetString(Body);

    /// <summary>True where the answer holds what the pool fills returned buffers with, as bytes or as text; no call of these
    /// tests is answered NaN otherwise.</summary>
    public bool HoldsPoison
    {
        get
        {
            ReadOnlySpan<byte> poison = [0xFF, 0xFF, 0xFF, 0xFF];
            return Body.AsSpan().IndexOf("\"NaN\""u8) >= 0 || Body.AsSpan().IndexOf(poison) >= 0;
        }
    }
}

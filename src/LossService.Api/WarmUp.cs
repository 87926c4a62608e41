using System.Diagnostics;
using System.IO.Compression;
using System.Text;
using LossService.Engine;
using LossService.Engine.Cards;
using LossService.Engine.Numerics;
using LossService.Wire.Json;
using LossService.Wire.Safetensors;
using Microsoft.Extensions.Options;

namespace LossService.Api;

/// <summary>Rehearses every route, so that no caller pays for its first compilation: every loss in every dtype, with
/// and without its Hessian, every format of an answer, a packed body and the commonest mistakes.</summary>
/// <remarks>What the server compiles for its first connection is not among it. The runtime compiles a method quickly at
/// its first call, with counters after thirty calls, and for good after thirty more, both in the background and only
/// once nothing new was compiled for a while. How many rounds with rests between them are worth waiting for is decided
/// by measurement (map: Warm-up).</remarks>
internal sealed class WarmUp(
    IReadOnlyList<Loss> losses, Rehearsal rehearsal, MediaTypes mediaTypes, TensorPool pool, IOptions<Limits> limits,
    IConfiguration settings, ILogger<WarmUp> log)
{
    private const int Rounds = 1;
    private const int Calls = 32;
    private const int RestMs = 250;

    // Makes a body that arrives, is computed and leaves in several parts.
    private const int LargeTimes = 1 << 14;

    private const string Gzip = "gzip";

    private static readonly string[] WithAndWithout = ["none", "diagonal"];
    private static readonly string Json = new JsonCodec().MediaType;
    private static readonly string Binary = new SafetensorsCodec().MediaType;

    /// <summary>Returns when every route is warm.</summary>
    public async Task RunAsync(CancellationToken stopping)
    {
        long start = Stopwatch.GetTimestamp();
        int[] sizes = [1, LargeTimes];
        byte[][] binary = await Task.WhenAll(sizes.Select(times =>
            BinaryExample.OfAsync(losses[0].Card, times, limits.Value.ForReading(), pool)));
        int rounds = settings.GetValue("WarmUpRounds", Rounds);
        for (int round = 0; round < rounds; round++)
        {
            await PassAsync(round == 0 ? 1 : Calls, binary, stopping);
            await Task.Delay(round == rounds - 1 ? 0 : RestMs, stopping);
        }

        log.LogWarm(losses.Count, Stopwatch.GetElapsedTime(start).TotalMilliseconds);
    }

    private async Task PassAsync(int calls, byte[][] binary, CancellationToken stopping)
    {
        foreach (Loss loss in losses)
        {
            foreach (string query in QueriesOf(loss.Card))
            {
                if (!await RepeatAsync(loss, ExampleOf(loss), query, Json, "*/*", calls, stopping))
                {
                    // One broken loss must not keep the others from answering.
                    break;
                }
            }
        }

        // What bodies look like is the same for all, and so is how problems are found, told and written.
        foreach (string accept in mediaTypes.Names)
        {
            await RepeatAsync(losses[0], binary[0], "", Binary, accept, calls, stopping);
            await RepeatAsync(losses[0], binary[1], "", Binary, accept, 1, stopping);
        }

        await RepeatAsync(losses[0], Packed(ExampleOf(losses[0])), "", Json, "*/*", calls, stopping, Gzip);
        for (int call = 0; call < calls; call++)
        {
            await rehearsal.PostAsync(losses[0], "{}");
            await rehearsal.PostAsync(losses[0], "{");
        }
    }

    // A derived Hessian is a kernel of its own, beside which the gradient's is not compiled: each needs its call.
    private static IEnumerable<string> QueriesOf(LossCard card) =>
        from dtype in Common.Dtype.Words
        from hessian in card.HasHessian ? WithAndWithout : WithAndWithout[..1]
        select $"?dtype={dtype}&hessian={hessian}";

    private static byte[] ExampleOf(Loss loss) => Encoding.UTF8.GetBytes(loss.Card.Examples[0].Body);

    private static byte[] Packed(byte[] body)
    {
        using var packed = new MemoryStream();
        using (var packing = new GZipStream(packed, CompressionLevel.Fastest))
        {
            packing.Write(body);
        }

        return packed.ToArray();
    }

    // False when an example does not answer.
    private async Task<bool> RepeatAsync(
        Loss loss, byte[] body, string query, string format, string accept, int calls, CancellationToken stopping,
        string? coding = null)
    {
        for (int call = 0; call < calls; call++)
        {
            stopping.ThrowIfCancellationRequested();
            (int status, _) = await rehearsal.PostAsync(loss, body, query, format, accept, coding);
            if (status != StatusCodes.Status200OK)
            {
                log.LogBadExample(loss.Card.Name, query, format, status);
                return false;
            }
        }

        return true;
    }
}

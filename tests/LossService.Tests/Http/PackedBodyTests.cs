using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using LossService.Api.Admission;
using LossService.Tests.Api;
using LossService.Tests.Wire.Safetensors;
using Xunit;

namespace LossService.Tests.Http;

/// <summary>Bodies in gzip and deflate over real sockets: what they hold counts, and what is not whole is refused.</summary>
public sealed class PackedBodyTests(PackedBodyTests.Packed service) : IClassFixture<PackedBodyTests.Packed>
{
    private const int BodyBytesMax = 4 << 20;
    private const string Json = "application/json";
    private const string Safetensors = "application/vnd.safetensors";

    private static readonly byte[] Small = """{"predictions":[1,2.5,-3],"targets":[0,0.5,2]}"""u8.ToArray();

    [Theory]
    [InlineData("gzip", Json)]
    [InlineData("GZip", Json)]
    [InlineData("deflate", Json)]
    [InlineData("gzip", Safetensors)]
    [InlineData("deflate", Safetensors)]
    public async Task Body_Packed_IsAnsweredAsItWouldBeUnpacked(string coding, string type)
    {
        foreach (byte[] body in (byte[][])[type == Json ? Small : File(3), type == Json ? Large() : File(200_000)])
        {
            using HttpResponseMessage plain = await AskAsync(body, null, type);
            Assert.Equal(HttpStatusCode.OK, plain.StatusCode);
            byte[] expected = await plain.Content.ReadAsByteArrayAsync();
            byte[] packed = Packing.Of(coding, body);
            foreach (bool isChunked in (bool[])[false, true])
            {
                using HttpResponseMessage answer = await AskAsync(packed, coding, type, isChunked);
                Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
                Assert.Equal(expected, await answer.Content.ReadAsByteArrayAsync());
            }
        }
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("deflate")]
    public async Task Body_CutAnywhere_IsRefused(string coding)
    {
        byte[] packed = Packing.Of(coding, Small);
        for (int length = 0; length < packed.Length; length++)
        {
            using HttpResponseMessage answer = await AskAsync(packed[..length], coding, Json);
            await ProblemAssert.IsAsync(answer, 400, "malformed_json");
        }
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("deflate")]
    public async Task Body_ThatGoesOnBehindItsEnd_IsRefused(string coding)
    {
        byte[][] tails = [[0], [9], [0x1F], [0x1F, 0], [0, 0, 0, 0], [1, 2, 3], new byte[512], new byte[40_000], [.. Small]];
        foreach (byte[] tail in coding == "gzip" ? tails.Where(one => one is not [0x1F]) : tails)
        {
            foreach (bool isChunked in (bool[])[false, true])
            {
                using HttpResponseMessage answer = await AskAsync([.. Packing.Of(coding, Small), .. tail], coding, Json, isChunked);
                await ProblemAssert.IsAsync(answer, 400, "malformed_json");
            }
        }
    }

    [Fact]
    public async Task Body_OfSeveralGzipStreams_IsOne()
    {
        using HttpResponseMessage plain = await AskAsync(Small, null, Json);
        string expected = await plain.Content.ReadAsStringAsync();
        foreach (int cut in (int[])[0, 1, 7, Small.Length - 1, Small.Length])
        {
            byte[] packed = [.. Packing.Of("gzip", Small[..cut]), .. Packing.Of("gzip", Small[cut..])];
            using HttpResponseMessage answer = await AskAsync(packed, "gzip", Json);
            Assert.Equal(expected, await answer.Content.ReadAsStringAsync());
        }
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("deflate")]
    public async Task Body_WithAnyBitTurned_IsRefusedOrSaysTheSame(string coding)
    {
        byte[] packed = Packing.Of(coding, Small);
        using HttpResponseMessage plain = await AskAsync(Small, null, Json);
        string expected = await plain.Content.ReadAsStringAsync();
        int refused = 0;
        for (int bit = 0; bit < 8 * packed.Length; bit++)
        {
            byte[] turned = [.. packed];
            turned[bit / 8] ^= (byte)(1 << (bit % 8));
            using HttpResponseMessage answer = await AskAsync(turned, coding, Json);
            if (answer.StatusCode == HttpStatusCode.OK)
            {
                Assert.Equal(expected, await answer.Content.ReadAsStringAsync());
                continue;
            }

            await ProblemAssert.IsAsync(answer, 400, "malformed_json");
            refused++;
        }

        Assert.InRange(refused, 7 * packed.Length, 8 * packed.Length);
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("deflate")]
    public async Task Bomb_OfALimitTimesALot_IsTooLarge(string coding)
    {
        byte[] packed = Packing.Of(coding, [.. Small[..^1], .. Enumerable.Repeat((byte)' ', 64 * BodyBytesMax)]);
        Assert.InRange(packed.Length, 1, BodyBytesMax / 8);
        using HttpResponseMessage answer = await AskAsync(packed, coding, Json);
        JsonNode problem = await ProblemAssert.IsAsync(answer, 413, "limit_exceeded");
        Assert.Equal("body", (string?)problem["errors"]![0]!["limit"]);
        await service.Whole.AssertNothingLeasedAsync();
    }

    [Fact]
    public async Task Body_OfExactlyTheLimit_IsTaken()
    {
        byte[] most = [.. Small, .. Enumerable.Repeat((byte)' ', BodyBytesMax - Small.Length)];
        using HttpResponseMessage taken = await AskAsync(Packing.Of("gzip", most), "gzip", Json);
        Assert.Equal(HttpStatusCode.OK, taken.StatusCode);
        using HttpResponseMessage refused = await AskAsync(Packing.Of("gzip", [.. most, (byte)' ']), "gzip", Json);
        await ProblemAssert.IsAsync(refused, 413, "limit_exceeded");
    }

    // A short body of known length is cheap and answered where it arrives; what this one unpacks to nobody knows yet.
    [Fact]
    public async Task Body_Packed_IsPricedAsOneWithoutLength()
    {
        using var heard = new Heard(service.Whole.Services, AdmissionMetrics.MeterName);
        using HttpResponseMessage plain = await AskAsync(Small, null, Json);
        Assert.Empty(heard.Measured(AdmissionMetrics.QueueTime));
        using HttpResponseMessage packed = await AskAsync(Packing.Of("gzip", Small), "gzip", Json);
        Assert.Single(heard.Measured(AdmissionMetrics.QueueTime));
    }

    private static byte[] Large()
    {
        string values = string.Join(',', Enumerable.Range(0, 200_000)
            .Select(i => (i % 977 / 8.0).ToString(CultureInfo.InvariantCulture)));
        return Encoding.UTF8.GetBytes($$"""{"predictions":[{{values}}],"targets":[{{values}}]}""");
    }

    // Predictions and targets that count up.
    private static byte[] File(int count)
    {
        float[] values = [.. Enumerable.Range(0, 2 * count).Select(i => i % 4099 / 4f)];
        return Safe.File(
        [
            ("predictions", "F32", [count], Safe.Bytes<float>(values.AsSpan(0, count))),
            ("targets", "F32", [count], Safe.Bytes<float>(values.AsSpan(count))),
        ]);
    }

    private async Task<HttpResponseMessage> AskAsync(byte[] body, string? coding, string type, bool isChunked = false)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri("/v1/losses/mse_loss", UriKind.Relative));
        request.Content = new ByteArrayContent(body);
        request.Content.Headers.ContentType = new MediaTypeHeaderValue(type);
        request.Headers.TransferEncodingChunked = isChunked;
        if (coding is not null)
        {
            request.Content.Headers.ContentEncoding.Add(coding);
        }

        return await service.Client.SendAsync(request);
    }

    /// <summary>The service behind its real server, with a limit that a test can reach.</summary>
    public sealed class Packed : IDisposable
    {
        public Packed()
        {
            Whole = new(
                "Production",
                ("urls", "http://127.0.0.1:0"), ("WarmUpRounds", "0"), ("Limits:BodyBytesMax", $"{BodyBytesMax}"));
            Whole.UseKestrel();
            Whole.StartServer();
            Client = new HttpClient { BaseAddress = Whole.ClientOptions.BaseAddress };
        }

        public HttpClient Client { get; }

        internal Service Whole { get; }

        public void Dispose()
        {
            Client.Dispose();
            Whole.Dispose();
        }
    }
}

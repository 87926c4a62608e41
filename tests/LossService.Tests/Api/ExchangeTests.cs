using System.IO.Pipelines;
using System.Net;
using System.Net.Http.Headers;
using LossService.Api;
using LossService.Api.Admission;
using LossService.Engine;
using LossService.Engine.Numerics;
using LossService.Wire;
using LossService.Wire.Json;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Xunit;

namespace LossService.Tests.Api;

/// <summary>Which part of a large request's life goes on where.</summary>
public sealed class ExchangeTests
{
    private static readonly Uri Path = new("/v1/losses/mse_loss", UriKind.Relative);

    // Packed bodies have no length, and what they become is more than a copy.
    [Theory]
    [InlineData(false, true, "turn turn turn turn")]
    [InlineData(true, false, "turn turn turn server")]
    [InlineData(true, true, "server server turn server")]
    public async Task LargeRequest_OfAFormat_IsReadComputedAndWrittenWhereItBelongs(
        bool isCopied, bool hasLength, string expected)
    {
        var codec = new Noting(isCopied);
        await using var service = new Service("Production", ("Limits:InlineStepsMax", "0"), ("WarmUpRounds", "0"))
        {
            Also = services => services.Replace(ServiceDescriptor.Singleton(new MediaTypes([codec]))),
        };
        using var content = new ByteArrayContent("""{"predictions":[1,2],"targets":[3,5]}"""u8.ToArray());
        content.Headers.ContentType = new MediaTypeHeaderValue(codec.MediaType);
        using var request = new HttpRequestMessage(HttpMethod.Post, Path) { Content = content };
        request.Headers.TransferEncodingChunked = !hasLength;
        using HttpResponseMessage answer = await service.CreateClient().SendAsync(request);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal(expected, string.Join(' ', codec.Places));
    }

    /// <summary>JSON that says where reading begins and ends, where the answer is at hand, and where it is
    /// written.</summary>
    private sealed class Noting(bool isCopied) : Codec
    {
        private readonly JsonCodec _json = new();

        public List<string> Places { get; } = [];

        public override string MediaType => _json.MediaType;

        public override int ElementBytes => _json.ElementBytes;

        public override int ElementSteps => _json.ElementSteps;

        public override bool IsCopied => isCopied;

        public override async ValueTask ReadAsync(
            PipeReader body, LossRequest request, ReadLimits limits, TensorPool pool, CancellationToken cancelled)
        {
            Note();
            await _json.ReadAsync(body, request, limits, pool, cancelled);
            Note();
        }

        public override long? LengthOf(LossResult result)
        {
            Note();
            return null;
        }

        public override ValueTask WriteAsync(PipeWriter body, LossResult result, CancellationToken cancelled)
        {
            Note();
            return _json.WriteAsync(body, result, cancelled);
        }

        private void Note() => Places.Add(SynchronizationContext.Current is Turn ? "turn" : "server");
    }
}

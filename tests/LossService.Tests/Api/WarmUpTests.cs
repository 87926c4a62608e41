using System.Collections.Concurrent;
using System.IO.Pipelines;
using LossService.Api;
using LossService.Engine;
using LossService.Engine.Cards;
using LossService.Engine.Numerics;
using LossService.Wire;
using LossService.Wire.Json;
using LossService.Wire.Safetensors;
using Microsoft.AspNetCore.RequestDecompression;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Xunit;

namespace LossService.Tests.Api;

/// <summary>What was rehearsed once a service says that it is ready.</summary>
public sealed class WarmUpTests
{
    [Fact]
    public async Task Ready_OfEveryLoss_HasSeenAnAnswerWithAndWithoutHessianInEveryDtype()
    {
        var heard = new Listening();
        await using var service = new Service("Production")
        {
            Also = services => services.Replace(ServiceDescriptor.Singleton(new MediaTypes([heard, new SafetensorsCodec()]))),
        };
        await service.WarmAsync();
        foreach (LossCard card in Catalogue.All.Select(loss => loss.Card))
        {
            foreach (string dtype in Common.Dtype.Words)
            {
                Assert.Contains((card.Name, dtype, false), heard.Answers);
                Assert.Equal(card.HasHessian, heard.Answers.Contains((card.Name, dtype, true)));
            }
        }
    }

    [Fact]
    public async Task Ready_OfTheService_HasUnpackedABody()
    {
        var heard = new Noting();
        await using var service = new Service("Production")
        {
            Also = services => services.PostConfigure<RequestDecompressionOptions>(options =>
                options.DecompressionProviders["gzip"] = heard.Before(options.DecompressionProviders["gzip"])),
        };
        await service.WarmAsync();
        Assert.True(heard.Bodies > 0);
        Assert.DoesNotContain(service.Log.All, line => line.Contains("The first example of mse_loss", StringComparison.Ordinal));
    }

    /// <summary>JSON that takes down which answers it wrote.</summary>
    private sealed class Listening : Codec
    {
        private static readonly JsonCodec Json = new();

        public ConcurrentBag<(string Loss, string Dtype, bool HasHessian)> Answers { get; } = [];

        public override string MediaType => Json.MediaType;

        public override int ElementBytes => Json.ElementBytes;

        public override int ElementSteps => Json.ElementSteps;

        public override ValueTask ReadAsync(
            PipeReader body, LossRequest request, ReadLimits limits, TensorPool pool, CancellationToken cancelled) =>
            Json.ReadAsync(body, request, limits, pool, cancelled);

        public override ValueTask WriteAsync(PipeWriter body, LossResult result, CancellationToken cancelled)
        {
            string dtype = Common.Dtype.Words[result.Request.IsFloat64 ? 1 : 0];
            Answers.Add((result.Request.Card.Name, dtype, result.Hessians.Any(hessian => hessian is not null)));
            return Json.WriteAsync(body, result, cancelled);
        }
    }

    private sealed class Noting
    {
        public int Bodies { get; private set; }

        public IDecompressionProvider Before(IDecompressionProvider known) => new Provider(this, known);

        private sealed class Provider(Noting noting, IDecompressionProvider known) : IDecompressionProvider
        {
            public Stream GetDecompressionStream(Stream stream)
            {
                noting.Bodies++;
                return known.GetDecompressionStream(stream);
            }
        }
    }
}

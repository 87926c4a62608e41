using System.IO.Pipelines;
using LossService.Api;
using LossService.Engine;
using LossService.Engine.Numerics;
using LossService.Tests.Api;
using LossService.Wire;
using LossService.Wire.Json;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Xunit;

namespace LossService.Tests.Http;

/// <summary>The service behind its real server on a port of this machine, with limits that a test reaches quickly.</summary>
public sealed class SocketService : IDisposable
{
    public const int BodyBytesMax = 10_000;

    private readonly Service _service;

    public SocketService()
        : this([Mse, FakeLoss.Slow, FakeLoss.Endless], ("Limits:BodyBytesMax", $"{BodyBytesMax}"))
    {
    }

    internal SocketService(IReadOnlyList<Loss> losses, params (string Name, string Value)[] settings)
    {
        // The port stands in the settings, not in UseKestrel(port): that one is set while the server may have started
        // already, and then throws (dotnet/aspnetcore, pull request 67714).
        _service = new("Production", [("urls", "http://127.0.0.1:0"), .. settings])
        {
            Also = services =>
            {
                services.Replace(ServiceDescriptor.Singleton(losses));
                services.Replace(ServiceDescriptor.Singleton(new MediaTypes([new JsonCodec(), new Breaking()])));
            },
        };
        _service.UseKestrel();
        _service.StartServer();
        Port = _service.ClientOptions.BaseAddress.Port;
    }

    public int Port { get; }

    internal static Loss Mse { get; } = Catalogue.All.Single(loss => loss.Card.Name == "mse_loss");

    internal LogLines Log => _service.Log;

    internal TensorPool Pool => _service.Pool;

    /// <summary>The answer is seen before its owner has put everything away.</summary>
    public async Task UntilNothingIsLentAsync()
    {
        for (int attempt = 0; attempt < 500 && Pool.Leases != 0; attempt++)
        {
            await Task.Delay(10);
        }

        Assert.Equal(0, Pool.Leases);
    }

    public void Dispose() => _service.Dispose();

    /// <summary>Answers in a format that breaks after a part of it has left.</summary>
    private sealed class Breaking : Codec
    {
        public override string MediaType => "application/x-breaking";

        public override int ElementBytes => new JsonCodec().ElementBytes;

        public override int ElementSteps => new JsonCodec().ElementSteps;

        public override ValueTask ReadAsync(
            PipeReader body, LossRequest request, ReadLimits limits, TensorPool pool, CancellationToken cancelled) =>
            new JsonCodec().ReadAsync(body, request, limits, pool, cancelled);

        // Known where two items were asked for, so that both ways of framing an answer are cut.
        public override long? LengthOf(LossResult result) => result.Losses is null ? null : 1 << 20;

        public override async ValueTask WriteAsync(PipeWriter body, LossResult result, CancellationToken cancelled)
        {
            await body.WriteAsync(new byte[100], cancelled);
            throw new InvalidOperationException("planted");
        }
    }
}

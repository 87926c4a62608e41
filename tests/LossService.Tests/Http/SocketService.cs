using System.IO.Pipelines;
using LossService.Api;
using LossService.Engine;
using LossService.Engine.Numerics;
using LossService.Tests.Api;
using LossService.Wire;
using LossService.Wire.Json;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace LossService.Tests.Http;

/// <summary>The service behind its real server on a port of this machine, with limits that a test reaches quickly.</summary>
public sealed class SocketService : IDisposable
{
    public const int BodyBytesMax = 10_000;

    private readonly Service _service =
        // The port stands in the settings, not in UseKestrel(port): that one is set while the server may have started
        // already, and then throws (dotnet/aspnetcore, pull request 67714).
        new("Production", ("urls", "http://127.0.0.1:0"), ("Limits:BodyBytesMax", $"{BodyBytesMax}"))
        {
            Also = services =>
            {
                services.Replace(ServiceDescriptor.Singleton<IReadOnlyList<Loss>>(
                    [.. Catalogue.All.Where(loss => loss.Card.Name == "mse_loss"), FakeLoss.Slow, FakeLoss.Endless]));
                services.Replace(ServiceDescriptor.Singleton(new MediaTypes([new JsonCodec(), new Breaking()])));
            },
        };

    public SocketService()
    {
        _service.UseKestrel();
        _service.StartServer();
        Port = _service.ClientOptions.BaseAddress.Port;
    }

    public int Port { get; }

    internal LogLines Log => _service.Log;

    internal TensorPool Pool => _service.Pool;

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

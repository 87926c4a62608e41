using System.Diagnostics.Metrics;
using LossService.Engine.Numerics;

namespace LossService.Api;

/// <summary>What the two pools hold, for whoever listens: tensors of requests, and the blocks that bodies pass
/// through, which stand in for the server's own pool and its metrics.</summary>
/// <remarks>Asked, they look; a request costs nothing here. Hosted, so that they are there from the start.</remarks>
internal sealed class MemoryMetrics : IHostedService
{
    /// <summary>The meter's name.</summary>
    public const string MeterName = "LossService.Memory";

    /// <summary>The bytes that requests hold in tensors now, at most the limit <c>pool</c>.</summary>
    public const string TensorBytes = "loss_service.tensor_pool.leased";

    /// <summary>How many tensors that are.</summary>
    public const string TensorLeases = "loss_service.tensor_pool.leases";

    /// <summary>The bytes of bodies on their way, in whole blocks.</summary>
    public const string BlockBytesRented = "loss_service.transport_pool.rented";

    /// <summary>The bytes of blocks that wait for the next bodies.</summary>
    public const string BlockBytesPooled = "loss_service.transport_pool.pooled";

    public MemoryMetrics(TensorPool pool, TransportBlocks blocks, IMeterFactory meters)
    {
        Meter meter = meters.Create(MeterName);
        meter.CreateObservableUpDownCounter(TensorBytes, () => pool.BytesLeased, "By", "The bytes lent to tensors.");
        meter.CreateObservableUpDownCounter(TensorLeases, () => pool.Leases, "{lease}", "The tensors lent.");
        meter.CreateObservableUpDownCounter(
            BlockBytesRented, () => blocks.BytesRented, "By", "The bytes lent to connections.");
        meter.CreateObservableUpDownCounter(
            BlockBytesPooled, () => blocks.BytesPooled, "By", "The bytes that wait to be lent to connections.");
    }

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}

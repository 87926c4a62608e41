using System.IO.Pipelines;
using LossService.Engine;
using LossService.Engine.Numerics;

namespace LossService.Wire.Json;

/// <summary>JSON: one flat object in, one object out, as the HTTP contract describes them.</summary>
/// <remarks>Stateless and thread-safe. Reads strictly (RFC 8259, UTF-8, no duplicates), without a string, a boxed
/// number or an inner array per element; memory grows with the tensors alone.</remarks>
public sealed class JsonCodec : Codec
{
    /// <inheritdoc/>
    public override string MediaType => "application/json";

    /// <inheritdoc/>
    public override int ElementBytes => 10;

    /// <inheritdoc/>
    public override int ElementSteps => 8;

    /// <inheritdoc/>
    public override async ValueTask ReadAsync(
        PipeReader body, LossRequest request, ReadLimits limits, TensorPool pool, CancellationToken cancelled)
    {
        ArgumentNullException.ThrowIfNull(body);
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(limits);
        ArgumentNullException.ThrowIfNull(pool);
        using var reader = new JsonRequestReader(request, limits, pool);
        await reader.ReadAsync(body, cancelled);
    }

    /// <inheritdoc/>
    public override ValueTask WriteAsync(PipeWriter body, LossResult result, CancellationToken cancelled)
    {
        ArgumentNullException.ThrowIfNull(body);
        ArgumentNullException.ThrowIfNull(result);
        return JsonAnswerWriter.WriteAsync(body, result, cancelled);
    }
}

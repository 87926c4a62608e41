using System.IO.Pipelines;
using LossService.Engine;
using LossService.Engine.Numerics;

namespace LossService.Wire.Safetensors;

/// <summary>Safetensors: eight bytes of length, a JSON header, and the tensors as they stand in memory, named as the
/// inputs. Options stand in the header's <c>__metadata__</c>, or came by the query.</summary>
/// <remarks>Stateless and thread-safe. Nothing of the header is trusted: every byte belongs to exactly one tensor, in
/// 64-bit arithmetic, before the first is read.
/// Format: <see href="https://huggingface.co/docs/safetensors"/>.</remarks>
public sealed class SafetensorsCodec : Codec
{
    /// <inheritdoc/>
    public override string MediaType => "application/vnd.safetensors";

    /// <inheritdoc/>
    public override string? FormatWord => "safetensors";

    /// <inheritdoc/>
    public override int ElementBytes => sizeof(float);

    /// <inheritdoc/>
    public override int ElementSteps => 1;

    /// <inheritdoc/>
    public override async ValueTask ReadAsync(
        PipeReader body, LossRequest request, ReadLimits limits, TensorPool pool, CancellationToken cancelled)
    {
        ArgumentNullException.ThrowIfNull(body);
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(limits);
        ArgumentNullException.ThrowIfNull(pool);
        using var reader = new SafetensorsRequestReader(request, limits, pool);
        await reader.ReadAsync(body, cancelled);
    }

    /// <inheritdoc/>
    public override long? LengthOf(LossResult result)
    {
        ArgumentNullException.ThrowIfNull(result);
        return SafetensorsAnswerWriter.LengthOf(result);
    }

    /// <inheritdoc/>
    public override ValueTask WriteAsync(PipeWriter body, LossResult result, CancellationToken cancelled)
    {
        ArgumentNullException.ThrowIfNull(body);
        ArgumentNullException.ThrowIfNull(result);
        return SafetensorsAnswerWriter.WriteAsync(body, result, cancelled);
    }
}

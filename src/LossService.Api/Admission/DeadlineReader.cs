using System.IO.Pipelines;
using System.Runtime.CompilerServices;

namespace LossService.Api.Admission;

/// <summary>A body whose reads may be given up while the connection goes on. Given up by its token, a read of the
/// server's would count as still going on, and the connection would end with a fault.</summary>
/// <param name="inner">The body.</param>
internal sealed class DeadlineReader(PipeReader inner) : PipeReader
{
    /// <inheritdoc/>
    public override void AdvanceTo(SequencePosition consumed) => inner.AdvanceTo(consumed);

    /// <inheritdoc/>
    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined) =>
        inner.AdvanceTo(consumed, examined);

    /// <inheritdoc/>
    public override void CancelPendingRead() => inner.CancelPendingRead();

    /// <inheritdoc/>
    public override void Complete(Exception? exception = null) => inner.Complete(exception);

    /// <inheritdoc/>
    public override bool TryRead(out ReadResult result) => inner.TryRead(out result);

    /// <inheritdoc/>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public override async ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
    {
        using CancellationTokenRegistration end =
            cancellationToken.UnsafeRegister(static body => ((PipeReader)body!).CancelPendingRead(), inner);
        ReadResult read = await inner.ReadAsync(CancellationToken.None);
        if (cancellationToken.IsCancellationRequested)
        {
            inner.AdvanceTo(read.Buffer.Start);
            cancellationToken.ThrowIfCancellationRequested();
        }

        return read;
    }
}

using System.IO.Pipelines;
using System.Runtime.CompilerServices;

namespace LossService.Api.Admission;

/// <summary>A request's body and answer, for who computes on a <see cref="Turn"/>. What the server does inside a read or
/// a flush goes on on its own threads, as it would without a turn; only what the request does afterwards comes back to
/// the compute threads.</summary>
internal static class ServerPipes
{
    /// <summary>How much of a body makes a change of threads worth it, as long as more is to come.</summary>
    public const int PieceBytes = 128 << 10;

    /// <summary>The pipes of a request that has a turn, whose body this is. Streams of HTTP/2 are read as they come:
    /// they share a window, which those that wait for more could fill between them.</summary>
    public static BodyPipes Of(HttpContext http, PipeReader body) => new(
        new Reader(body, gathers: HttpProtocol.IsHttp11(http.Request.Protocol)),
        new Writer(http.Response.BodyWriter));

    /// <summary>While it lasts, the calling thread belongs to no turn.</summary>
    private readonly ref struct Aside : IDisposable
    {
        private readonly SynchronizationContext? _turn;

        private Aside(SynchronizationContext? turn) => _turn = turn;

        public static Aside Step()
        {
            var aside = new Aside(SynchronizationContext.Current);
            SynchronizationContext.SetSynchronizationContext(null);
            return aside;
        }

        public void Dispose() => SynchronizationContext.SetSynchronizationContext(_turn);
    }

    private sealed class Reader(PipeReader inner, bool gathers) : PipeReader
    {
        public override void AdvanceTo(SequencePosition consumed) => AdvanceTo(consumed, consumed);

        public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
        {
            using var aside = Aside.Step();
            inner.AdvanceTo(consumed, examined);
        }

        public override void CancelPendingRead() => inner.CancelPendingRead();

        public override void Complete(Exception? exception = null) => inner.Complete(exception);

        public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
        {
            using var aside = Aside.Step();
            return gathers ? GatherAsync(cancellationToken) : inner.ReadAsync(cancellationToken);
        }

        public override bool TryRead(out ReadResult result) => inner.TryRead(out result);

        [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
        private async ValueTask<ReadResult> GatherAsync(CancellationToken cancelled)
        {
            ReadResult read = await inner.ReadAsync(cancelled);
            while (read.Buffer.Length < PieceBytes && !read.IsCompleted && !read.IsCanceled)
            {
                inner.AdvanceTo(read.Buffer.Start, read.Buffer.End);
                read = await inner.ReadAsync(cancelled);
            }

            return read;
        }
    }

    private sealed class Writer(PipeWriter inner) : PipeWriter
    {
        public override bool CanGetUnflushedBytes => inner.CanGetUnflushedBytes;

        public override long UnflushedBytes => inner.UnflushedBytes;

        public override void Advance(int bytes) => inner.Advance(bytes);

        public override void CancelPendingFlush() => inner.CancelPendingFlush();

        public override void Complete(Exception? exception = null) => inner.Complete(exception);

        public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
        {
            using var aside = Aside.Step();
            return inner.FlushAsync(cancellationToken);
        }

        public override Memory<byte> GetMemory(int sizeHint = 0) => inner.GetMemory(sizeHint);

        public override Span<byte> GetSpan(int sizeHint = 0) => inner.GetSpan(sizeHint);
    }
}

/// <summary>What a codec reads from and writes to.</summary>
internal readonly record struct BodyPipes(PipeReader Request, PipeWriter Answer);

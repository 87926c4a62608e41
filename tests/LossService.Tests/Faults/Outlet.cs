using System.IO.Pipelines;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace LossService.Tests.Faults;

/// <summary>Takes an answer in as the server does: once something was flushed the answer has started, and what was written
/// cannot be taken back.</summary>
internal sealed class Outlet(Action? beforeRoom, Func<bool>? beforeFlush) : PipeWriter, IHttpResponseBodyFeature
{
    private const int RoomMin = 4096;

    private byte[] _bytes = new byte[RoomMin];
    private int _written;
    private int _flushed;

    public bool HasStarted { get; private set; }

    /// <summary>All that was written, sent or not.</summary>
    public byte[] Written => _bytes[.._written];

    public override bool CanGetUnflushedBytes => true;

    public override long UnflushedBytes => _written - _flushed;

    public PipeWriter Writer => this;

    /// <summary>What files are copied to.</summary>
    public Stream Stream => AsStream(leaveOpen: true);

    public override void Advance(int bytes) => _written += bytes;

    public override Memory<byte> GetMemory(int sizeHint = 0)
    {
        beforeRoom?.Invoke();
        int least = _written + Math.Max(sizeHint, RoomMin);
        if (least > _bytes.Length)
        {
            Array.Resize(ref _bytes, Math.Max(least, 2 * _bytes.Length));
        }

        return _bytes.AsMemory(_written);
    }

    public override Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;

    public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
    {
        bool readerIsGone = beforeFlush?.Invoke() ?? false;
        cancellationToken.ThrowIfCancellationRequested();
        HasStarted = true;
        _flushed = _written;
        return new(new FlushResult(isCanceled: false, isCompleted: readerIsGone));
    }

    public override void CancelPendingFlush() => throw new NotSupportedException();

    public override void Complete(Exception? exception = null)
    {
    }

    public Task StartAsync(CancellationToken cancellationToken = default)
    {
        HasStarted = true;
        return Task.CompletedTask;
    }

    public Task SendFileAsync(string path, long offset, long? count, CancellationToken cancellationToken = default) =>
        SendFileFallback.SendFileAsync(Stream, path, offset, count, cancellationToken);

    public Task CompleteAsync() => Task.CompletedTask;

    public void DisableBuffering()
    {
    }
}

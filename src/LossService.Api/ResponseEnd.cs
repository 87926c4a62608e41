using System.IO.Pipelines;

namespace LossService.Api;

/// <summary>The end of an answer.</summary>
internal static class ResponseEnd
{
    /// <summary>Sends what waits. An answer of which nothing has left is as long as that; with its length in the head
    /// it needs no chunks, whose end would be sent by itself.</summary>
    public static ValueTask<FlushResult> SendAsync(this HttpResponse response, CancellationToken cancelled) =>
        response.SendAsync(response.BodyWriter, cancelled);

    /// <summary>The same through a pipe to the response's body.</summary>
    public static ValueTask<FlushResult> SendAsync(
        this HttpResponse response, PipeWriter body, CancellationToken cancelled)
    {
        // HTTP/2 has no chunks, and a stream that was reset forgets what it was handed: it would say a length of zero.
        if (!response.HasStarted && body.CanGetUnflushedBytes
            && !HttpProtocol.IsHttp2(response.HttpContext.Request.Protocol))
        {
            response.ContentLength = body.UnflushedBytes;
        }

        return body.FlushAsync(cancelled);
    }
}

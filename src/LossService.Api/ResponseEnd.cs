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
        if (!response.HasStarted && body.CanGetUnflushedBytes)
        {
            response.ContentLength = body.UnflushedBytes;
        }

        return body.FlushAsync(cancelled);
    }
}

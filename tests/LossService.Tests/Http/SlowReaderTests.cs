using System.IO.Pipelines;
using LossService.Api.Pages;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Xunit;

namespace LossService.Tests.Http;

/// <summary>A document is handed to a slow reader no faster than he takes it.</summary>
public sealed class SlowReaderTests
{
    private const int Threshold = 64 << 10;

    [Fact]
    public async Task Page_OfAReaderThatStops_WaitsInPartsAndThenComesWhole()
    {
        byte[] document = new byte[1 << 20];
        new Random(1).NextBytes(document);
        // As the server's own: writing pauses at so many bytes that wait, but what is handed over at once is taken.
        var pipe = new Pipe(new PipeOptions(pauseWriterThreshold: Threshold, resumeWriterThreshold: Threshold / 2));
        var http = new DefaultHttpContext();
        http.Features.Set<IHttpResponseBodyFeature>(new StreamResponseBodyFeature(pipe.Writer.AsStream()));

        Task sending = new Page(document).ExecuteAsync(http);
        ReadResult first = await pipe.Reader.ReadAsync();
        Assert.False(sending.IsCompleted);
        Assert.InRange(first.Buffer.Length, 1, 2 * Threshold);

        using var received = new MemoryStream();
        pipe.Reader.AdvanceTo(first.Buffer.Start);
        Task reading = pipe.Reader.CopyToAsync(received);
        await sending;
        await pipe.Writer.CompleteAsync();
        await reading;
        Assert.Equal(document, received.ToArray());
    }
}

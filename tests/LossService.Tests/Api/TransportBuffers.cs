using System.Diagnostics;
using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using System.Text;
using LossService.Api;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace LossService.Tests.Api;

/// <summary>How much the server takes from one side while the other does not read. By a real connection: the server has
/// more than one setting of that name, and which of them counts is for a socket to say.</summary>
internal static class TransportBuffers
{
    private const int PieceBytes = 4 << 10;
    private const int BlockBytes = 32 << 10; // of the transport

    // What the system takes besides: the client's end, and what rounds the server's end up.
    private const int SystemMax = 512 << 10;

    // What another system's end of the server may take: it has no such setting.
    private const int ElsewhereMax = 8 << 20;

    // Whoever waits so long with an unread connection waits for its reader.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    public static async Task AnswerAsync(string name)
    {
        const int Limit = 1 << 20;
        foreach (int limit in (int[])[new Limits().AnswerBufferBytesMax, Limit - 1, Limit, Limit + 1, 2 * Limit])
        {
            long taken = await TakenAsync(limits => limits.AnswerBufferBytesMax = limit, bodyBytes: 0, WriteAsync);
            long most = (OperatingSystem.IsLinux() ? 2L * limit : limit + ElsewhereMax) + SystemMax;
            Assert.True(taken > limit - PieceBytes && taken <= most, $"{name} {limit}: {taken} bytes were taken");
        }
    }

    public static async Task BodyAsync(string name)
    {
        int usual = new Limits().BodyBufferBytesMax;
        foreach (int limit in (int[])[usual - 1, usual, usual + 1, 2 * usual])
        {
            long taken = await TakenAsync(limits => limits.BodyBufferBytesMax = limit, bodyBytes: 4 * limit, WatchAsync);
            // Whole blocks, of which the last one is partly full.
            Assert.True(taken >= limit && taken <= limit + (2 * BlockBytes), $"{name} {limit}: {taken} bytes were taken");
        }
    }

    private static async Task<long> TakenAsync(Action<Limits> set, int bodyBytes, Func<HttpContext, Task<long>> countAsync)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Services.AddLimits();
        builder.Services.Configure(set);
        await using WebApplication app = builder.Build();
        var taken = new TaskCompletionSource<long>(TaskCreationOptions.RunContinuationsAsynchronously);
        app.Run(async http =>
        {
            taken.SetResult(await countAsync(http));
            http.Abort();
        });
        await app.StartAsync();

        using var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp)
        {
            ReceiveBufferSize = PieceBytes,
        };
        await client.ConnectAsync(IPAddress.Loopback, new Uri(app.Urls.Single()).Port);
        await client.SendAsync(Encoding.ASCII.GetBytes($"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: {bodyBytes}\r\n\r\n"));
        _ = client.SendAsync(new byte[bodyBytes]); // takes as long as the server lets it, or until it ends
        return await taken.Task.WaitAsync(TimeSpan.FromMinutes(1));
    }

    private static async Task<long> WriteAsync(HttpContext http)
    {
        http.Response.ContentLength = long.MaxValue; // in chunks there would be more of it
        for (long written = PieceBytes; ; written += PieceBytes)
        {
            http.Response.BodyWriter.GetSpan(PieceBytes)[..PieceBytes].Clear();
            http.Response.BodyWriter.Advance(PieceBytes);
            Task<FlushResult> flush = http.Response.BodyWriter.FlushAsync(CancellationToken.None).AsTask();
            if (await Task.WhenAny(flush, Task.Delay(Patience)) != flush)
            {
                return written;
            }
        }
    }

    // Looks until no more comes, and reads nothing.
    private static async Task<long> WatchAsync(HttpContext http)
    {
        TransportBlocks blocks = http.RequestServices.GetRequiredService<TransportBlocks>();
        long taken = 0;
        for (long last = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(last) < Patience; await Task.Delay(1))
        {
            if (blocks.BytesRented > taken)
            {
                (taken, last) = (blocks.BytesRented, Stopwatch.GetTimestamp());
            }
        }

        return taken;
    }
}

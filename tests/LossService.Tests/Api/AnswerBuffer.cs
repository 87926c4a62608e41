using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using LossService.Api;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace LossService.Tests.Api;

/// <summary>How much of an answer the server takes from its writer while nobody reads it. By a real connection: the server
/// has more than one setting of that name, and which of them counts is for a socket to say.</summary>
internal static class AnswerBuffer
{
    private const int PieceBytes = 4 << 10;

    // What the system takes besides: the client's end, and what rounds the server's end up.
    private const int SystemMax = 512 << 10;

    // What another system's end of the server may take: it has no such setting.
    private const int ElsewhereMax = 8 << 20;

    // Whoever waits so long with an unread connection waits for its reader.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    public static async Task TestAsync(string name)
    {
        const int Limit = 1 << 20;
        foreach (int limit in (int[])[new Limits().AnswerBufferBytesMax, Limit - 1, Limit, Limit + 1, 2 * Limit])
        {
            long taken = await TakenAsync(limit);
            long most = (OperatingSystem.IsLinux() ? 2L * limit : limit + ElsewhereMax) + SystemMax;
            Assert.True(taken > limit - PieceBytes && taken <= most, $"{name} {limit}: {taken} bytes were taken");
        }
    }

    private static async Task<long> TakenAsync(int limit)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Services.AddLimits();
        builder.Services.Configure<Limits>(limits => limits.AnswerBufferBytesMax = limit);
        await using WebApplication app = builder.Build();
        var taken = new TaskCompletionSource<long>(TaskCreationOptions.RunContinuationsAsynchronously);
        app.Run(http => WriteAsync(http, taken));
        await app.StartAsync();

        using var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp)
        {
            ReceiveBufferSize = PieceBytes,
        };
        await client.ConnectAsync(IPAddress.Loopback, new Uri(app.Urls.Single()).Port);
        await client.SendAsync("GET / HTTP/1.1\r\nHost: x\r\n\r\n"u8.ToArray());
        return await taken.Task.WaitAsync(TimeSpan.FromMinutes(1));
    }

    private static async Task WriteAsync(HttpContext http, TaskCompletionSource<long> taken)
    {
        http.Response.ContentLength = long.MaxValue; // in chunks there would be more of it
        for (long written = PieceBytes; ; written += PieceBytes)
        {
            http.Response.BodyWriter.GetSpan(PieceBytes)[..PieceBytes].Clear();
            http.Response.BodyWriter.Advance(PieceBytes);
            Task<FlushResult> flush = http.Response.BodyWriter.FlushAsync(CancellationToken.None).AsTask();
            if (await Task.WhenAny(flush, Task.Delay(Patience)) != flush)
            {
                taken.SetResult(written);
                http.Abort();
                return;
            }
        }
    }
}

using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using LossService.Api;
using LossService.Api.Endpoints;
using LossService.Benchmarks.Server;
using LossService.Engine.Numerics;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Serilog;
using Serilog.Core;
using Serilog.Events;

namespace LossService.Benchmarks.Hold;

/// <summary>The service behind its real server in this process, so that its pool can be watched while clients
/// leave.</summary>
internal sealed class SocketHost : IDisposable
{
    private readonly WebApplication _app;
    private readonly Warnings _warnings = new();
    private readonly TensorPool _pool;
    private readonly int _port;

    public SocketHost()
    {
        WebApplicationBuilder builder = WebApplication.CreateBuilder(["--urls", "http://127.0.0.1:0"]);
        builder.Logging.ClearProviders();
        Logger log = new LoggerConfiguration().MinimumLevel.Override("Microsoft", LogEventLevel.Warning)
            .WriteTo.Logger(RequestLog.Unheard).WriteTo.Sink(_warnings, LogEventLevel.Warning).CreateLogger();
        builder.Logging.AddSerilog(log);
        builder.Services.AddSingleton<Serilog.ILogger>(log);
        builder.Services.AddLossService();
        _app = builder.Build();
        _app.UsePassage();
        _app.MapLosses();
        _app.Start();
        _pool = _app.Services.GetRequiredService<TensorPool>();
        _port = new Uri(_app.Urls.First()).Port;
        Readiness readiness = _app.Services.GetRequiredService<Readiness>();
        SpinWait.SpinUntil(() => readiness.IsWarm, TimeSpan.FromMinutes(1));
    }

    /// <summary>How many leases are out.</summary>
    public long Leases => _pool.Leases;

    /// <summary>How many lines were logged so far at the level of a warning or above.</summary>
    public int Errors => _warnings.Count;

    /// <summary>Sends a request and leaves after some time.</summary>
    /// <returns>Milliseconds from there until everything was given back; not a number where nothing was out.</returns>
    public double Leave(byte[] request, TimeSpan stay, bool byReset)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Connect(IPAddress.Loopback, _port);
        long start = Stopwatch.GetTimestamp();
        Task sending = Task.Run(() => Send(socket, request));
        SpinWait.SpinUntil(() => Stopwatch.GetElapsedTime(start) >= stay);
        bool isOut = _pool.Leases > 0;
        long left = Stopwatch.GetTimestamp();
        if (byReset)
        {
            socket.LingerState = new(enable: true, seconds: 0);
        }

        socket.Close();
        bool isBack = SpinWait.SpinUntil(() => _pool.Leases == 0, TimeSpan.FromSeconds(20));
        double after = Stopwatch.GetElapsedTime(left).TotalMilliseconds;
        sending.Wait();
        return !isOut ? double.NaN : isBack ? after : double.PositiveInfinity;
    }

    /// <summary>Milliseconds of a whole request.</summary>
    public double Time(byte[] request)
    {
        using var connection = new Connection(_port);
        long start = Stopwatch.GetTimestamp();
        connection.Send(request);
        return Stopwatch.GetElapsedTime(start).TotalMilliseconds;
    }

    public void Dispose() => ((IDisposable)_app).Dispose();

    private static void Send(Socket socket, byte[] request)
    {
        try
        {
            for (int sent = 0; sent < request.Length;)
            {
                sent += socket.Send(request.AsSpan(sent));
            }
        }
        catch (Exception gone) when (gone is SocketException or ObjectDisposedException)
        {
            // That is the point.
        }
    }

    private sealed class Warnings : ILogEventSink
    {
        private int _count;

        public int Count => _count;

        // That the server's clock ticks late tells of a busy machine, and of no fault.
        public void Emit(LogEvent logEvent)
        {
            if (!logEvent.MessageTemplate.Text.Contains("heartbeat", StringComparison.Ordinal))
            {
                Interlocked.Increment(ref _count);
            }
        }
    }
}

using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace LossService.Benchmarks.Server;

/// <summary>What a process has used so far.</summary>
/// <param name="CpuSeconds">Processor time of all its threads.</param>
/// <param name="AllocatedBytes">Managed memory allocated.</param>
/// <param name="LiveBytes">Managed memory that a full collection left, where one was asked for; else 0.</param>
internal readonly record struct Reading(double CpuSeconds, long AllocatedBytes, long LiveBytes);

/// <summary>Asks a measured process from outside what it has used: it answers on a Unix socket, from a thread that sleeps
/// until then.</summary>
internal static class Gauge
{
    private const string Variable = "LOSSSERVICE_GAUGE";

    /// <summary>The variables that a process is started with to have a gauge at this path.</summary>
    public static IEnumerable<(string Name, string Value)> VariablesFor(string path) =>
        [(Variable, path), ("DOTNET_STARTUP_HOOKS", typeof(Gauge).Assembly.Location)];

    /// <summary>Starts answering, where the variable says so.</summary>
    public static void Serve()
    {
        if (Environment.GetEnvironmentVariable(Variable) is not { } path)
        {
            return;
        }

        var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        listener.Bind(new UnixDomainSocketEndPoint(path));
        listener.Listen();
        new Thread(() => Answer(listener)) { IsBackground = true, Name = "gauge" }.Start();
    }

    /// <summary>Reads the gauge at this path.</summary>
    /// <param name="path">Where it is.</param>
    /// <param name="collects">The process collects all its garbage first, and tells what is left.</param>
    public static Reading Read(string path, bool collects = false)
    {
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Connect(new UnixDomainSocketEndPoint(path));
        socket.Send([collects ? (byte)1 : (byte)0]);
        using var stream = new NetworkStream(socket);
        using var reader = new StreamReader(stream, Encoding.ASCII);
        string[] words = reader.ReadToEnd().Split(' ');
        return new(
            double.Parse(words[0], CultureInfo.InvariantCulture), long.Parse(words[1], CultureInfo.InvariantCulture),
            long.Parse(words[2], CultureInfo.InvariantCulture));
    }

    private static void Answer(Socket listener)
    {
        while (true)
        {
            using Socket caller = listener.Accept();
            byte[] wish = new byte[1];
            caller.Receive(wish);
            double seconds = Environment.CpuUsage.TotalTime.TotalSeconds;
            long bytes = GC.GetTotalAllocatedBytes(precise: true);
            long live = wish[0] == 0 ? 0 : GC.GetTotalMemory(forceFullCollection: true);
            caller.Send(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{seconds:R} {bytes} {live}")));
        }
    }
}

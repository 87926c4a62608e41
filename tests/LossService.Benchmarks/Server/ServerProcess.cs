using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using LossService.Benchmarks.Harness;

namespace LossService.Benchmarks.Server;

/// <summary>A server as a process of its own, on one processor where the machine has more, so that the load has another.</summary>
internal sealed class ServerProcess : IDisposable
{
    private const double StartSecondsMax = 120;

    private readonly Process _process;
    private readonly string _gauge;
    private readonly List<Connection> _connections = [];

    private ServerProcess(string name, Process process, int port, string gauge)
    {
        Name = name;
        _process = process;
        _gauge = gauge;
        Port = port;
    }

    /// <summary>Whose server it is.</summary>
    public string Name { get; }

    public int Port { get; }

    /// <summary>Seconds from the start of the process to its first answer, and to its readiness.</summary>
    public (double Answer, double Ready) StartSeconds { get; private set; }

    /// <summary>Resident memory now, in bytes.</summary>
    public long ResidentBytes
    {
        get
        {
            _process.Refresh();
            return _process.WorkingSet64;
        }
    }

    /// <summary>The most that it ever was.</summary>
    public long ResidentBytesMost
    {
        get
        {
            _process.Refresh();
            return _process.PeakWorkingSet64;
        }
    }

    /// <summary>How many files, sockets and the like it has open; 0 where the system does not tell.</summary>
    public int Handles
    {
        get
        {
            string folder = string.Create(CultureInfo.InvariantCulture, $"/proc/{_process.Id}/fd");
            return Directory.Exists(folder) ? Directory.GetFileSystemEntries(folder).Length : 0;
        }
    }

    /// <summary>How many threads it has.</summary>
    public int Threads
    {
        get
        {
            _process.Refresh();
            return _process.Threads.Count;
        }
    }

    /// <summary>Processor time of all its threads so far.</summary>
    public double CpuSeconds
    {
        get
        {
            _process.Refresh();
            return _process.TotalProcessorTime.TotalSeconds;
        }
    }

    /// <summary>The program that the service's project builds, which lies beside this one.</summary>
    public static string Service { get; } = Path.Combine(AppContext.BaseDirectory, "LossService.Api.dll");

    /// <summary>Starts the service itself from this file, with these variables beside its own settings.</summary>
    public static ServerProcess StartService(
        string dll, bool withGauge = true, byte[]? firstRequest = null, params (string Name, string Value)[] environment) =>
        Start("LossService", [dll], withGauge, firstRequest, environment);

    /// <summary>Starts the service itself with settings, each as name=value; "{port}" in them is the port it is asked
    /// at.</summary>
    public static ServerProcess StartServiceWith(params string[] settings) =>
        Start("LossService", [Service, .. settings.Select(setting => $"--{setting}")], false, null, []);

    /// <summary>Starts one of the services that this program can be.</summary>
    public static ServerProcess StartPeer(string which) => Start(which, [Programs.Self, "--serve", which], true, null, []);

    /// <summary>Asks it to stop, as an orchestrator does.</summary>
    public void Terminate() => Programs.Run("kill", ["-TERM", _process.Id.ToString(CultureInfo.InvariantCulture)]);

    /// <summary>Ends it at once.</summary>
    public void Kill() => _process.Kill(entireProcessTree: true);

    /// <summary>Waits until it has ended.</summary>
    /// <returns>Its exit code; null when it still runs.</returns>
    public int? WaitForExit(TimeSpan timeMax) => _process.WaitForExit(timeMax) ? _process.ExitCode : null;

    /// <summary>One of its connections, open as long as the server is: what opening costs is no request's.</summary>
    public Connection Connection(int number)
    {
        lock (_connections)
        {
            while (_connections.Count <= number)
            {
                _connections.Add(new(Port));
            }

            return _connections[number];
        }
    }

    /// <summary>What it has used so far; it must have been started with a gauge.</summary>
    public Reading Read() => Gauge.Read(_gauge);

    /// <summary>The same, after it has collected its garbage.</summary>
    public Reading ReadLive() => Gauge.Read(_gauge, collects: true);

    public void Dispose()
    {
        _connections.ForEach(connection => connection.Dispose());
        _process.Kill(entireProcessTree: true);
        _process.WaitForExit();
        _process.Dispose();
        File.Delete(_gauge);
    }

    private static ServerProcess Start(
        string name, string[] program, bool withGauge, byte[]? firstRequest, (string Name, string Value)[] environment)
    {
        int port = FreePort();
        string gauge = Path.Combine(Path.GetTempPath(), $"gauge-{Environment.ProcessId}-{port}");
        string[] command =
        [
            .. OneProcessor(), Programs.Dotnet,
            .. program.Select(word => word.Replace("{port}", $"{port}", StringComparison.Ordinal)), "--urls",
            string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{port}"),
        ];
        var plan = new ProcessStartInfo(command[0], command[1..])
        {
            WorkingDirectory = AppContext.BaseDirectory,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        // As the service's own project has it, and its image.
        plan.Environment["DOTNET_TieredPGO"] = "1";
        plan.Environment["DOTNET_ThreadPool_UnfairSemaphoreSpinLimit"] = "0";
        plan.Environment["DOTNET_GCgen0size"] = "0x4000000";
        foreach ((string variable, string value) in environment.Concat(withGauge ? Gauge.VariablesFor(gauge) : []))
        {
            plan.Environment[variable] = value;
        }

        long start = Stopwatch.GetTimestamp();
        Process process = Process.Start(plan)!;
        // A log that nobody reads would stop its writer.
        _ = process.StandardOutput.BaseStream.CopyToAsync(Stream.Null);
        _ = process.StandardError.BaseStream.CopyToAsync(Stream.Null);
        var server = new ServerProcess(name, process, port, gauge);
        try
        {
            byte[] ready = Server.Connection.Request("GET", "/health/ready", "text/plain", []);
            server.Await(firstRequest ?? ready, start, anyStatus: firstRequest is null);
            double answer = Stopwatch.GetElapsedTime(start).TotalSeconds;
            server.Await(ready, start, anyStatus: false);
            server.StartSeconds = (answer, Stopwatch.GetElapsedTime(start).TotalSeconds);
            return server;
        }
        catch
        {
            server.Dispose();
            throw;
        }
    }

    private void Await(byte[] request, long start, bool anyStatus)
    {
        while (true)
        {
            try
            {
                using var connection = new Connection(Port);
                if (connection.Send(request) == 200 || anyStatus)
                {
                    return;
                }
            }
            catch (Exception notYet) when (notYet is SocketException or IOException)
            {
                // Nobody listens yet.
            }

            if (_process.HasExited || Stopwatch.GetElapsedTime(start).TotalSeconds > StartSecondsMax)
            {
                throw new InvalidOperationException($"{Name} does not start.");
            }

            Thread.Sleep(4);
        }
    }

    private static string[] OneProcessor() =>
        Environment.ProcessorCount >= 2 && Programs.Run("taskset", ["--version"]).Code == 0 ? ["chrt", "--other", "0", "taskset", "-c", "0"] : [];

    /// <summary>Leaves the servers' processor to them: this process, and what it starts besides servers, keeps to the
    /// others. Who measures there comes before everything else, where the system allows that (SCHED_FIFO): a thread that is
    /// woken from another processor waits until the next tick of the clock otherwise, 4 ms, and that would be the server's.</summary>
    /// <returns>Ends it.</returns>
    public static IDisposable KeepAside(bool measures)
    {
        bool isApart = OneProcessor().Length > 0;
        Keep(from: 1, measures ? ["--fifo", "--pid", "1"] : ["--other", "--pid", "0"]);
        Foreground.IsOn = isApart && measures;
        return new End(() =>
        {
            Foreground.IsOn = false;
            Keep(from: 0, ["--other", "--pid", "0"]);
        });

        void Keep(int from, string[] policy)
        {
            if (isApart)
            {
                // The runtime counts them when it starts, so before any were left.
                string processors = string.Create(CultureInfo.InvariantCulture, $"{from}-{Environment.ProcessorCount - 1}");
                string self = Environment.ProcessId.ToString(CultureInfo.InvariantCulture);
                Programs.Run("taskset", ["-a", "-c", "-p", processors, self]);
                Programs.Run("chrt", ["--all-tasks", .. policy, self]);
            }
        }
    }

    private sealed class End(Action what) : IDisposable
    {
        public void Dispose() => what();
    }

    /// <summary>A port that nobody listens at.</summary>
    public static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}

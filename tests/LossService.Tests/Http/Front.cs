using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using LossService.Tests.Examples;

namespace LossService.Tests.Http;

/// <summary>A proxy of others before a server, which keeps its connections to that, so that what one caller leaves there
/// meets the next.</summary>
internal abstract class Front : IDisposable
{
    private Process? _process;

    /// <summary>Where callers reach it.</summary>
    public int Port { get; } = FreePort();

    /// <summary>How many requests it has answered, and how many of them it passed on.</summary>
    public (int Answered, int PassedOn) Counts
    {
        get
        {
            string[] lines = Lines();
            return (lines.Length, lines.Count(WasPassedOn));
        }
    }

    /// <summary>Its own files.</summary>
    protected DirectoryInfo Folder { get; } = Directory.CreateTempSubdirectory("lossservice-front-");

    /// <summary>Starts one of them, and returns when it listens.</summary>
    /// <param name="kind">nginx or haproxy.</param>
    /// <param name="serverPort">Whom it passes requests on to.</param>
    /// <param name="buffers">It takes bodies in whole before it passes them on; else as they come.</param>
    public static async Task<Front> StartAsync(string kind, int serverPort, bool buffers)
    {
        Front front = kind == "nginx" ? new Nginx(serverPort, buffers) : new Haproxy(serverPort, buffers);
        front._process = front.Start();
        for (int attempt = 0; attempt < 500 && !front._process.HasExited; attempt++)
        {
            try
            {
                using var client = new TcpClient();
                await client.ConnectAsync(IPAddress.Loopback, front.Port);
                return front;
            }
            catch (SocketException)
            {
                await Task.Delay(20);
            }
        }

        front._process.Kill();
        string errors = await front._process.StandardError.ReadToEndAsync();
        front.Dispose();
        throw new InvalidOperationException($"{kind} does not start: {errors}");
    }

    public void Dispose()
    {
        _process?.Kill(entireProcessTree: true);
        _process?.WaitForExit();
        _process?.Dispose();
        Folder.Delete(recursive: true);
    }

    /// <summary>Writes its settings and starts it.</summary>
    protected abstract Process Start();

    /// <summary>The lines of its log, one an answer.</summary>
    protected abstract string[] Lines();

    /// <summary>True for an answer that the server behind it gave.</summary>
    protected abstract bool WasPassedOn(string line);

    /// <summary>Writes one of its files.</summary>
    /// <returns>Where.</returns>
    protected string Write(string name, string text)
    {
        string path = Path.Combine(Folder.FullName, name);
        File.WriteAllText(path, text);
        return path;
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}

/// <summary>nginx, of Debian's nginx-light.</summary>
internal sealed class Nginx(int serverPort, bool buffers) : Front
{
    protected override Process Start()
    {
        string temporary = string.Join('\n', ((string[])["client_body", "proxy", "fastcgi", "uwsgi", "scgi"])
            .Select(kind => $"    {kind}_temp_path {PathOf(kind)};"));
        string settings = Write("nginx.conf", $$"""
            daemon off;
            master_process off;
            pid {{PathOf("pid")}};
            events {}
            http {
            {{temporary}}
                log_format passed "$upstream_status";
                access_log {{PathOf("access.log")}} passed;
                keepalive_timeout 100ms;
                ignore_invalid_headers off;
                upstream service {
                    server 127.0.0.1:{{serverPort}};
                    keepalive 1;
                }
                server {
                    listen 127.0.0.1:{{Port}};
                    location / {
                        proxy_pass http://service;
                        proxy_http_version 1.1;
                        proxy_set_header Connection "";
                        proxy_set_header Host $http_host;
                        proxy_request_buffering {{(buffers ? "on" : "off")}};
                        proxy_next_upstream off;
                    }
                }
            }
            """);
        return Process.Start(Programs.Plan("nginx", "-p", Folder.FullName, "-e", PathOf("error.log"), "-c", settings))!;
    }

    protected override string[] Lines() => File.ReadAllLines(PathOf("access.log"));

    protected override bool WasPassedOn(string line) => line != "-";

    private string PathOf(string name) => Path.Combine(Folder.FullName, name);
}

/// <summary>HAProxy, of Debian's haproxy.</summary>
internal sealed class Haproxy(int serverPort, bool buffers) : Front
{
    private readonly List<string> _lines = [];

    protected override Process Start()
    {
        string settings = Write("haproxy.cfg", $"""
            defaults
                mode http
                log stdout format raw local0
                log-format "%s %ST"
                option dontlognull
                {(buffers ? "option http-buffer-request" : "")}
                http-reuse always
                retries 0
                timeout connect 5s
                timeout server 30s
                timeout client 2s
                timeout http-request 2s
                timeout http-keep-alive 100ms
            frontend callers
                bind 127.0.0.1:{Port}
                default_backend service
            backend service
                server service 127.0.0.1:{serverPort} pool-max-conn 1

            """);
        Process process = Process.Start(Programs.Plan("haproxy", "-db", "-f", settings))!;
        process.OutputDataReceived += (_, line) => Take(line.Data);
        process.BeginOutputReadLine();
        return process;
    }

    protected override string[] Lines()
    {
        lock (_lines)
        {
            return [.. _lines];
        }
    }

    // A server that was chosen but gave no answer counts, too: the tap will not have seen one.
    protected override bool WasPassedOn(string line) => line.StartsWith("service ", StringComparison.Ordinal);

    private void Take(string? line)
    {
        if (line is { Length: > 0 })
        {
            lock (_lines)
            {
                _lines.Add(line);
            }
        }
    }
}

using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using LossService.Tests.Examples;

namespace LossService.Tests.Http;

/// <summary>nginx as a front that keeps one connection to the server behind it, so that what one caller leaves there meets the
/// next.</summary>
internal sealed class Nginx : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("lossservice-nginx-");
    private readonly Process _process;

    private Nginx(int serverPort, bool buffers)
    {
        Port = FreePort();
        string settings = Path.Combine(_folder.FullName, "nginx.conf");
        File.WriteAllText(settings, Settings(serverPort, buffers));
        _process = Process.Start(Programs.Plan("nginx", "-p", _folder.FullName, "-e", Path.Combine(_folder.FullName, "error.log"), "-c", settings))!;
    }

    public int Port { get; }

    /// <summary>How many requests it has answered, and how many of them it passed on.</summary>
    public (int Answered, int PassedOn) Counts
    {
        get
        {
            string[] lines = File.ReadAllLines(Path.Combine(_folder.FullName, "access.log"));
            return (lines.Length, lines.Count(line => line != "-"));
        }
    }

    /// <summary>Starts it, and returns when it listens.</summary>
    /// <param name="serverPort">Whom it passes requests on to.</param>
    /// <param name="buffers">It takes bodies in whole, and gives them a length; else it passes chunks on as they come.</param>
    public static async Task<Nginx> StartAsync(int serverPort, bool buffers)
    {
        var front = new Nginx(serverPort, buffers);
        for (int attempt = 0; attempt < 500; attempt++)
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

        string errors = await front._process.StandardError.ReadToEndAsync();
        front.Dispose();
        throw new InvalidOperationException($"nginx does not start: {errors}");
    }

    public void Dispose()
    {
        _process.Kill(entireProcessTree: true);
        _process.WaitForExit();
        _process.Dispose();
        _folder.Delete(recursive: true);
    }

    private string Settings(int serverPort, bool buffers)
    {
        string PathOf(string name) => Path.Combine(_folder.FullName, name);
        string temporary = string.Join('\n', ((string[])["client_body", "proxy", "fastcgi", "uwsgi", "scgi"])
            .Select(kind => $"    {kind}_temp_path {PathOf(kind)};"));
        return $$"""
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
            """;
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}

using System.Net;
using System.Net.Sockets;
using System.Text;

namespace LossService.Tests.Http;

/// <summary>A planted bug: a server that takes no notice of bodies, and so answers what is hidden in one as a request of its
/// own.</summary>
internal sealed class PlantedServer : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);

    public PlantedServer()
    {
        _listener.Start();
        _ = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    public void Dispose() => _listener.Dispose();

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                _ = ServeAsync(await _listener.AcceptTcpClientAsync());
            }
        }
        catch (Exception over) when (over is SocketException or ObjectDisposedException)
        {
            // Disposed.
        }
    }

    private static async Task ServeAsync(TcpClient client)
    {
        using (client)
        {
            var heard = new StringBuilder();
            byte[] buffer = new byte[4096];
            NetworkStream stream = client.GetStream();
            try
            {
                for (int count = await stream.ReadAsync(buffer); count > 0; count = await stream.ReadAsync(buffer))
                {
                    heard.Append(Encoding.Latin1.GetString(buffer, 0, count));
                    for (int end = Head(heard); end >= 0; end = Head(heard))
                    {
                        heard.Remove(0, end + 4);
                        await stream.WriteAsync("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"u8.ToArray());
                    }
                }
            }
            catch (IOException)
            {
                // The client has left.
            }
        }
    }

    private static int Head(StringBuilder heard) => heard.ToString().IndexOf("\r\n\r\n", StringComparison.Ordinal);
}

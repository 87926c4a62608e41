using System.ComponentModel;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace LossService.Tests.Deploy;

/// <summary>Connections inside the network of another process, which has a loopback of its own and nothing else.</summary>
internal static partial class NetworkNamespace
{
    private const int KindNetwork = 0x40000000; // CLONE_NEWNET of sched.h

    /// <summary>A client whose connections are made where that process is.</summary>
    public static HttpClient ClientOf(int process, int port) => new(new SocketsHttpHandler
    {
        UseProxy = false,
        ConnectCallback = (_, _) => ValueTask.FromResult<Stream>(new NetworkStream(Connect(process, port), ownsSocket: true)),
    })
    {
        BaseAddress = new($"http://127.0.0.1:{port}"),
    };

    // A thread of its own is moved and then ends; a socket stays in the network that it was made in.
    private static Socket Connect(int process, int port)
    {
        Socket? socket = null;
        Exception? fault = null;
        var thread = new Thread(() =>
        {
            try
            {
                using SafeFileHandle network = File.OpenHandle($"/proc/{process}/ns/net");
                if (Enter(network, KindNetwork) != 0)
                {
                    throw new Win32Exception(Marshal.GetLastPInvokeError());
                }

                socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
                socket.Connect(IPAddress.Loopback, port);
            }
            catch (Exception e) when (e is Win32Exception or IOException)
            {
                fault = e;
            }
        });
        thread.Start();
        thread.Join();
        return fault is null ? socket! : throw new HttpRequestException("No connection inside the container.", fault);
    }

    [LibraryImport("libc", EntryPoint = "setns", SetLastError = true)]
    private static partial int Enter(SafeFileHandle space, int kind);
}

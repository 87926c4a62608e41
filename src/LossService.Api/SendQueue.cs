using System.Net.Sockets;

namespace LossService.Api;

/// <summary>What of an answer waits in the system, on its way to a slow reader.</summary>
/// <remarks>Linux grows a connection's queue to 4 MiB; a thousand readers that take nothing would hold 4 GiB, which
/// count as the container's. Bytes that were sent and not yet confirmed do not count here (TCP_NOTSENT_LOWAT), so
/// whoever is far away and reads gets his answer as fast as before.</remarks>
internal static class SendQueue
{
    private const int Tcp = 6; // IPPROTO_TCP, <netinet/in.h>
    private const int NotSentLowAt = 25; // TCP_NOTSENT_LOWAT, <netinet/tcp.h>

    /// <summary>Sets the limit on a listening socket, for connections to inherit; elsewhere than on Linux it stays the
    /// system's.</summary>
    public static Socket Limit(Socket listening, int bytes)
    {
        if (OperatingSystem.IsLinux() && listening.ProtocolType == ProtocolType.Tcp)
        {
            listening.SetRawSocketOption(Tcp, NotSentLowAt, BitConverter.GetBytes(bytes));
        }

        return listening;
    }
}

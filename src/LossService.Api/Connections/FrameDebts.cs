using System.Net;
using System.Net.Sockets;

namespace LossService.Api.Connections;

/// <summary>What connections had not paid back when they ended, by address: the next one from there begins with it, so
/// that nothing is won by connecting anew.</summary>
/// <remarks>Connections that live side by side have a bucket each; a proxy that speaks for many has as many as it
/// opens. A network of IPv6 counts as one address. The table has a fixed size, and where an address stands in it only
/// this process knows.</remarks>
internal sealed class FrameDebts(TimeProvider clock)
{
    private const int Slots = 4096;
    private const int AddressBytes = 16;
    private const int NetworkBytes = 8;

    // Many may share an address, and one of them floods: the others wait no longer than this.
    private static readonly TimeSpan WaitMax = TimeSpan.FromMinutes(1);

    private readonly long[] _even = new long[Slots];

    /// <summary>The time at which an address has paid everything back.</summary>
    public long EvenAt(EndPoint? remote) => remote is IPEndPoint { Address: var address }
        ? Volatile.Read(ref SlotOf(address))
        : 0;

    /// <summary>Adds what a connection leaves, in the clock's ticks.</summary>
    public void Add(EndPoint? remote, long ticks)
    {
        if (remote is not IPEndPoint { Address: var address })
        {
            return; // a socket of the file system: who is behind it nobody says
        }

        ref long slot = ref SlotOf(address);
        long now = clock.GetTimestamp();
        long latest = now + (long)(WaitMax.TotalSeconds * clock.TimestampFrequency);
        lock (_even)
        {
            Volatile.Write(ref slot, Math.Min(Math.Max(slot, now) + ticks, latest));
        }
    }

    private ref long SlotOf(IPAddress address)
    {
        bool isIPv4 = address.AddressFamily == AddressFamily.InterNetwork || address.IsIPv4MappedToIPv6;
        Span<byte> bytes = stackalloc byte[AddressBytes];
        address.MapToIPv6().TryWriteBytes(bytes, out _);
        HashCode hash = default;
        hash.AddBytes(isIPv4 ? bytes : bytes[..NetworkBytes]);
        return ref _even[(uint)hash.ToHashCode() % Slots];
    }
}

using System.Runtime.InteropServices;
using LossService.Engine.Numerics;

namespace LossService.Engine.Families;

/// <summary>One worker's rented working memory, kept from block to block.</summary>
internal sealed class Scratch(TensorPool pool) : IDisposable
{
    private const int SlotsMax = 16;

    private readonly Lease[] _leases = new Lease[SlotsMax];

    /// <summary>Set by a driver once its slots hold numbers that are the same for every block.</summary>
    public bool HasConstants { get; set; }

    /// <summary>Room for <paramref name="length"/> numbers in a slot of the driver's choosing, plus one vector, so that
    /// a tail may be computed as a whole vector. Holds whatever it held.</summary>
    public Span<T> Take<T>(int slot, int length) where T : unmanaged
    {
        const int VectorBytes = 64;
        int bytes = checked((length * Marshal.SizeOf<T>()) + VectorBytes);
        if (_leases[slot].Bytes.Length < bytes)
        {
            _leases[slot].Dispose();
            _leases[slot] = default;
            _leases[slot] = pool.Rent(bytes);
        }

        return MemoryMarshal.Cast<byte, T>(_leases[slot].Bytes);
    }

    public void Dispose()
    {
        foreach (Lease lease in _leases)
        {
            lease.Dispose();
        }
    }
}

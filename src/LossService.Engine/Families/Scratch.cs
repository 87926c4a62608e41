using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using LossService.Engine.Numerics;

namespace LossService.Engine.Families;

/// <summary>One worker's rented working memory, kept from block to block.</summary>
/// <remarks>Slots are cut from one buffer as long as it lasts: a small request rents once, whatever its family
/// takes.</remarks>
internal sealed class Scratch(TensorPool pool) : IDisposable
{
    private const int SlotsMax = 16;
    private const int CommonBytes = 1 << 16; // five blocks of floats, and within L2

    private Places _places;
    private Lease[]? _own;
    private Lease _common;
    private int _cut;

    /// <summary>Room for <paramref name="length"/> numbers in a slot of the driver's choosing, plus one vector, so that
    /// a tail may be computed as a whole vector. Holds whatever it held.</summary>
    public Span<T> Take<T>(int slot, long length) where T : unmanaged
    {
        const int VectorBytes = 64;
        long bytes = (length * Unsafe.SizeOf<T>()) + VectorBytes;
        ref Place place = ref _places[slot];
        if (place.Bytes < bytes)
        {
            Enlarge(slot, bytes);
        }

        return MemoryMarshal.Cast<byte, T>(
            place.Start < 0 ? _own![slot].Bytes : _common.Bytes.Slice(place.Start, place.Bytes));
    }

    public void Dispose()
    {
        _common.Dispose();
        foreach (Lease lease in _own ?? [])
        {
            lease.Dispose();
        }
    }

    private void Enlarge(int slot, long bytes)
    {
        long whole = (bytes + TensorPool.Alignment - 1) & -TensorPool.Alignment;
        if (whole <= CommonBytes - _cut)
        {
            _common = _cut == 0 ? pool.Rent(CommonBytes) : _common;
            _places[slot] = new(_cut, (int)bytes);
            _cut += (int)whole;
            return;
        }

        _own ??= new Lease[SlotsMax];
        _own[slot].Dispose();
        _own[slot] = default;
        _own[slot] = pool.Rent(bytes);
        _places[slot] = new(-1, (int)bytes);
    }

    /// <summary>Where a slot lies in the common buffer; before its start, for a slot that has its own.</summary>
    private readonly record struct Place(int Start, int Bytes);

    [InlineArray(SlotsMax)]
    private struct Places
    {
        private Place _first;
    }
}

using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using LossService.Engine.Numerics;

namespace LossService.Wire.Json;

/// <summary>A pooled buffer that doubles when it is full. It holds at most one lease, which <see cref="Dispose"/> gives
/// back unless <see cref="Detach"/> has handed it on.</summary>
internal sealed class GrowingBuffer(TensorPool pool) : IDisposable
{
    private const int FirstBytes = 4_096; // a thousand floats without growing

    private Lease _lease;
    private int _capacity;

    /// <summary>The room behind the first <paramref name="used"/> elements, for at least so many more.</summary>
    public Span<T> Room<T>(int used, int least = 1) where T : unmanaged
    {
        int size = Unsafe.SizeOf<T>();
        if (((long)used + least) * size > _capacity)
        {
            Grow(used * size, ((long)used + least) * size);
        }

        return MemoryMarshal.Cast<byte, T>(_lease.Bytes)[used..];
    }

    /// <summary>The first elements, which were written.</summary>
    public Span<T> First<T>(int used) where T : unmanaged => MemoryMarshal.Cast<byte, T>(_lease.Bytes)[..used];

    /// <summary>Hands the lease over: whoever takes it gives it back.</summary>
    public Lease Detach()
    {
        Lease lease = _lease;
        _lease = default;
        _capacity = 0;
        return lease;
    }

    /// <summary>Gives the lease back, if there is one; the buffer may be used again.</summary>
    public void Dispose() => Detach().Dispose();

    private void Grow(int usedBytes, long leastBytes)
    {
        // Beyond what the pool lends at all, the pool says so.
        int capacity = (int)Math.Clamp(Math.Max(2L * _capacity, leastBytes), FirstBytes, int.MaxValue);
        Regrowth.Replace(ref _lease, usedBytes, capacity, pool);
        _capacity = capacity;
    }
}

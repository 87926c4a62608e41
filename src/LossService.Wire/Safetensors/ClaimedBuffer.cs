using LossService.Engine.Numerics;

namespace LossService.Wire.Safetensors;

/// <summary>A pooled buffer whose size a header claims. What is small is rented at once; what is large grows as its
/// bytes arrive, so that a claim alone occupies no memory that other requests need.</summary>
/// <remarks>Growing fourfold copies at most a third of the bytes once more. It holds at most one lease, which
/// <see cref="Dispose"/> gives back unless <see cref="Detach"/> has handed it on.</remarks>
internal sealed class ClaimedBuffer(TensorPool pool) : IDisposable
{
    private const int Growth = 4;
    private const int TrustedBytes = 4 << 20;

    private Lease _lease;
    private int _claimed;
    private int _capacity;

    /// <summary>Starts a buffer of so many bytes.</summary>
    public void Begin(int bytes)
    {
        Dispose();
        _claimed = bytes;
        _capacity = Math.Min(bytes, TrustedBytes);
        _lease = pool.Rent(_capacity);
    }

    /// <summary>The room behind the first <paramref name="used"/> bytes, for <paramref name="more"/> of them.</summary>
    public Span<byte> Room(int used, int more)
    {
        if (used + more > _capacity)
        {
            Grow(used, used + more);
        }

        return _lease.Bytes.Slice(used, more);
    }

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

    private void Grow(int used, int needed)
    {
        int capacity = (int)Math.Min(Math.Max((long)Growth * _capacity, needed), _claimed);
        Regrowth.Replace(ref _lease, used, capacity, pool);
        _capacity = capacity;
    }
}

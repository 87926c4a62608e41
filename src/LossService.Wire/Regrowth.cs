using LossService.Engine.Families;
using LossService.Engine.Numerics;

namespace LossService.Wire;

/// <summary>How a pooled buffer becomes a larger one while a body arrives.</summary>
internal static class Regrowth
{
    // Copied without a look at who waits.
    private const int PieceBytes = 256 << 10;

    /// <summary>Replaces a lease by a larger one with the same first bytes, and lets others pass meanwhile.</summary>
    /// <param name="lease">What was used so far; it is given back.</param>
    /// <param name="used">How many of its bytes are kept.</param>
    /// <param name="capacity">How many bytes the new one has.</param>
    /// <param name="pool">Where both are from.</param>
    /// <exception cref="PoolExhaustedException">There is no room; the lease stays as it was.</exception>
    public static void Replace(ref Lease lease, int used, int capacity, TensorPool pool)
    {
        Lease larger = pool.Rent(capacity);
        Span<byte> from = lease.Bytes[..used];
        Span<byte> to = larger.Bytes;
        while (from.Length > PieceBytes)
        {
            from[..PieceBytes].CopyTo(to);
            from = from[PieceBytes..];
            to = to[PieceBytes..];
            (SynchronizationContext.Current as ICrew)?.Pause();
        }

        from.CopyTo(to);
        lease.Dispose();
        lease = larger;
    }
}

using System.Diagnostics.CodeAnalysis;

namespace LossService.Engine.Numerics;

/// <summary>The right to use one block of a <see cref="TensorPool"/> until it is given back, once.</summary>
/// <remarks>A copy shares the right: the block's generation tells a second return, and a use after it, from the
/// first.</remarks>
public readonly struct Lease : IDisposable
{
    private readonly Block? _block;
    private readonly int _generation;
    private readonly int _length;

    internal Lease(Block block, int length)
    {
        _block = block;
        _generation = block.Generation;
        _length = length;
    }

    /// <summary>Exactly as many bytes as were asked for, aligned to 64; empty for a default lease.</summary>
    /// <exception cref="InvalidOperationException">The block was given back already.</exception>
    public Span<byte> Bytes
    {
        get
        {
            if (_block is null)
            {
                return [];
            }

            if (_block.Generation != _generation)
            {
                ThrowReturned();
            }

            return _block.Bytes.AsSpan(_block.Offset, _length);
        }
    }

    // Apart, so that the rest can be inlined.
    [DoesNotReturn]
    private static void ThrowReturned() => throw new InvalidOperationException("A lease is used after its return.");

    /// <summary>Gives the block back. A second return is a programming error and throws.</summary>
    public void Dispose() => _block?.Pool.Return(_block, _generation);
}

/// <summary>A pinned array of a pool, and how often it came back.</summary>
internal sealed class Block
{
    public Block(TensorPool pool, int sizeClass, int bytes)
    {
        Pool = pool;
        SizeClass = sizeClass;
        // Pinned, so that an aligned start stays aligned; 64 is a cache line and the widest vector.
        Bytes = GC.AllocateUninitializedArray<byte>(bytes + TensorPool.Alignment, pinned: true);
        unsafe
        {
            nuint start = (nuint)System.Runtime.CompilerServices.Unsafe.AsPointer(
                ref System.Runtime.InteropServices.MemoryMarshal.GetArrayDataReference(Bytes));
            Offset = (int)((TensorPool.Alignment - (start % TensorPool.Alignment)) % TensorPool.Alignment);
            LargePages.Advise(start, bytes);
        }
    }

    public TensorPool Pool { get; }

    public int SizeClass { get; }

    public byte[] Bytes { get; }

    public int Offset { get; }

    /// <summary>How often it was given back; compared as a whole, so an old lease never matches.</summary>
    public int Generation;
}

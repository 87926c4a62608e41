using System.Numerics;

namespace LossService.Engine.Numerics;

/// <summary>Lends aligned buffers of up to 1 GiB, counts what is out, and refuses beyond a limit.</summary>
/// <remarks><see cref="System.Buffers.ArrayPool{T}"/> notices neither a double return nor its own growth; a service
/// that holds several callers' numbers needs both. Thread-safe. A fresh or returned buffer holds arbitrary
/// bytes.</remarks>
public sealed class TensorPool
{
    /// <summary>The most that any pool lends, 256 GiB: what is lent fits one number.</summary>
    public const long BytesMaxMax = 1L << 38;

    /// <summary>The largest buffer that any pool lends.</summary>
    public const int LeaseBytesMax = 1 << LargestLog2;

    internal const int Alignment = 64;
    private const int SmallestLog2 = 8;
    private const int LargestLog2 = 30;
    private const int LeaseBits = 32;

    private readonly Shelf[] _shelves = new Shelf[LargestLog2 + 1];
    private readonly long _bytesMax;

    // How many leases are out in the lower half, and how many of the smallest blocks they are worth in the upper: a
    // rent and a return change both, and what threads share is what they cost.
    private long _lent;

    /// <summary>Makes a pool that lends at most <paramref name="bytesMax"/> bytes at a time.</summary>
    public TensorPool(long bytesMax)
    {
        _bytesMax = Math.Min(bytesMax, BytesMaxMax);
        for (int size = SmallestLog2; size <= LargestLog2; size++)
        {
            _shelves[size] = new();
        }
    }

    /// <summary>Fills every buffer that is new or returned with a pattern of NaNs, what lies behind its end too, so
    /// that a stale read shows in the answer.</summary>
    public bool PoisonsReturns { get; init; }

    /// <summary>Called with the size of every buffer before it is lent; a test throws from here to see that a
    /// computation gives everything back, whichever of its buffers it cannot have.</summary>
    internal Action<int>? Lending { get; init; }

    /// <summary>Called before the process is asked for the memory of a new block.</summary>
    internal Action<int>? Making { get; init; }

    /// <summary>How many bytes are lent now, counted in whole blocks.</summary>
    public long BytesLeased => BytesOf(Interlocked.Read(ref _lent));

    /// <summary>How many leases are out now.</summary>
    public long Leases => (uint)Interlocked.Read(ref _lent);

    /// <summary>Lends a buffer of at least <paramref name="bytes"/> bytes.</summary>
    /// <exception cref="PoolExhaustedException">The pool's limit would be passed.</exception>
    public Lease Rent(long bytes)
    {
        if (bytes > LeaseBytesMax)
        {
            throw new PoolExhaustedException(bytes);
        }

        int length = (int)bytes;
        int size = Claim(length, _bytesMax);
        return new(_shelves[size].Take() ?? Make(size, length), length);
    }

    /// <summary>Counts bytes as lent that a caller has others hold, such as a body that waits for its end. The other
    /// half of the pool is kept for those who wait for nobody.</summary>
    /// <param name="bytes">At most <see cref="LeaseBytesMax"/>.</param>
    /// <exception cref="PoolExhaustedException">Half of the pool's limit would be passed.</exception>
    public Holding Hold(int bytes) => new(this, Claim(bytes, _bytesMax / 2));

    /// <summary>Lets go of the blocks that nobody needed since the last call; the host calls it now and then.</summary>
    /// <returns>How many bytes these were: garbage now, which the process holds until it is collected.</returns>
    public long Age()
    {
        long bytes = 0;
        for (int size = SmallestLog2; size <= LargestLog2; size++)
        {
            bytes += (long)_shelves[size].Age() << size;
        }

        return bytes;
    }

    internal void Release(int size) => Interlocked.Add(ref _lent, -WorthOf(size));

    internal void Return(Block block, int generation)
    {
        if (Interlocked.CompareExchange(ref block.Generation, generation + 1, generation) != generation)
        {
            throw new InvalidOperationException("A lease is returned twice.");
        }

        Poison(block);
        Release(block.SizeClass);
        _shelves[block.SizeClass].Put(block);
    }

    // Counts a block of the smallest size that holds so many bytes as lent.
    private int Claim(int bytes, long bytesMax)
    {
        Lending?.Invoke(bytes);
        int size = Math.Max(SmallestLog2, BitOperations.Log2((uint)Math.Max(bytes, 1) - 1) + 1);
        if (BytesOf(Interlocked.Add(ref _lent, WorthOf(size))) > bytesMax)
        {
            Release(size);
            throw new PoolExhaustedException(bytes);
        }

        return size;
    }

    // The process may hold less than the pool may lend and keep idle: then idle blocks go first, and if that does not
    // do, this is a refusal like any other, and the account stays right.
    private Block Make(int size, int bytes)
    {
        Block? block = TryMake(size, bytes);
        if (block is null)
        {
            _ = Age() + Age(); // a block that is idle at both looks is needed by nobody
            block = TryMake(size, bytes);
        }

        if (block is null)
        {
            Release(size);
            throw new PoolExhaustedException(bytes);
        }

        return block;
    }

    private Block? TryMake(int size, int bytes)
    {
        try
        {
            Making?.Invoke(bytes);
            var block = new Block(this, size, 1 << size);
            Poison(block);
            return block;
        }
        catch (OutOfMemoryException)
        {
            return null;
        }
    }

    private void Poison(Block block)
    {
        if (PoisonsReturns)
        {
            // All ones are a NaN in both widths, and -1 as a label.
            block.Bytes.AsSpan().Fill(0xFF);
        }
    }

    // One lease of a block of this size, as _lent counts it.
    private static long WorthOf(int size) => (1L << (LeaseBits + size - SmallestLog2)) + 1;

    private static long BytesOf(long lent) => (lent >> LeaseBits) << SmallestLog2;

    /// <summary>The idle blocks of one size.</summary>
    private sealed class Shelf
    {
        private readonly IdleBlocks<Block> _below = new();

        // The topmost block lies beside the others, where it is taken and put without their lock: most requests need
        // one of a size at a time.
        private Block? _top;
        private (Block? Block, int Generation) _lastTop;

        public Block? Take() => Interlocked.Exchange(ref _top, null) ?? _below.Take();

        public void Put(Block block)
        {
            if (Interlocked.CompareExchange(ref _top, block, null) is not null)
            {
                _below.Put(block);
            }
        }

        public int Age() => _below.Age() + AgeTop();

        // A block that was lent and came back meanwhile has another generation.
        private int AgeTop()
        {
            Block? top = Volatile.Read(ref _top);
            bool isUnneeded = top is not null && _lastTop == (top, top.Generation)
                && Interlocked.CompareExchange(ref _top, null, top) == top;
            _lastTop = isUnneeded ? default : (top, top?.Generation ?? 0);
            return isUnneeded ? 1 : 0;
        }
    }
}

/// <summary>The pool has lent as much as it may, and the service answers 429; or it lends as much at no time, and the
/// request is too large.</summary>
#pragma warning disable CA1032 // It is thrown in one place, always with a size.
public sealed class PoolExhaustedException(long bytes)
    : Exception($"The pool cannot lend {bytes} more bytes.")
{
    /// <summary>True when no pool would lend a buffer of this size, however little is out.</summary>
    public bool IsForEver => bytes > TensorPool.LeaseBytesMax;
}

using System.Buffers;
using LossService.Engine.Numerics;
using Microsoft.AspNetCore.Connections;

namespace LossService.Api;

/// <summary>The memory that bodies pass through between the socket and the codecs, in blocks of
/// <see cref="BlockBytes"/> instead of the server's 4 KiB.</summary>
/// <remarks>A body of megabytes takes an eighth of the system calls and of the pipe's turns, and sends fit into the
/// eight buffers up to which a socket allocates nothing (map: Blocks of the transport). An idle connection holds
/// no block. Thread-safe.</remarks>
internal sealed class TransportBlocks : MemoryPool<byte>, IMemoryPoolFactory<byte>
{
    private const int BlockBytes = 32 << 10;

    private readonly IdleBlocks<Block> _idle = new();
    private int _rented;

    /// <summary>The bytes of the blocks that are out now.</summary>
    public long BytesRented => (long)Volatile.Read(ref _rented) * BlockBytes;

    /// <summary>The bytes of the blocks that wait.</summary>
    public long BytesPooled => (long)_idle.Count * BlockBytes;

    /// <inheritdoc/>
    public override int MaxBufferSize => BlockBytes;

    /// <summary>All connections share their blocks.</summary>
    public MemoryPool<byte> Create(MemoryPoolOptions? options = null) => this;

    /// <inheritdoc/>
    public override IMemoryOwner<byte> Rent(int minBufferSize = -1)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(minBufferSize, BlockBytes);
        Interlocked.Increment(ref _rented);
        Block block = _idle.Take() ?? new Block(this);
        block.IsLent = true;
        return block;
    }

    /// <summary>Lets go of the blocks that nobody needed since the last call; the host calls it now and then.</summary>
    /// <returns>How many bytes these were.</returns>
    public long Age() => (long)_idle.Age() * BlockBytes;

    /// <summary>The server disposes its pool when it stops; blocks that are still out simply go to the
    /// collector.</summary>
    protected override void Dispose(bool disposing) => _idle.Clear();

    private void Return(Block block)
    {
        Interlocked.Decrement(ref _rented);
        _idle.Put(block);
    }

    private sealed class Block(TransportBlocks home) : IMemoryOwner<byte>
    {
        // Pinned, so that the socket need not pin it for every call.
        private readonly byte[] _bytes = GC.AllocateUninitializedArray<byte>(BlockBytes, pinned: true);

        public bool IsLent { get; set; }

        public Memory<byte> Memory => _bytes;

        public void Dispose()
        {
            if (IsLent)
            {
                IsLent = false;
                home.Return(this);
            }
        }
    }
}

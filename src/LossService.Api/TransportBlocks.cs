using System.Buffers;
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

    // 8 MiB wait for the next bodies at most; a rush beyond that is left to the collector.
    private const int IdleMax = 256;

    private readonly Lock _lock = new();
    private readonly Stack<Block> _idle = new(IdleMax);
    private int _rented;

    /// <summary>The bytes of the blocks that are out now.</summary>
    public long BytesRented => (long)Volatile.Read(ref _rented) * BlockBytes;

    /// <summary>The bytes of the blocks that wait.</summary>
    public long BytesPooled
    {
        get
        {
            lock (_lock)
            {
                return (long)_idle.Count * BlockBytes;
            }
        }
    }

    /// <inheritdoc/>
    public override int MaxBufferSize => BlockBytes;

    /// <summary>All connections share their blocks.</summary>
    public MemoryPool<byte> Create(MemoryPoolOptions? options = null) => this;

    /// <inheritdoc/>
    public override IMemoryOwner<byte> Rent(int minBufferSize = -1)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(minBufferSize, BlockBytes);
        Block? block;
        lock (_lock)
        {
            _idle.TryPop(out block);
            _rented++;
        }

        block ??= new Block(this);
        block.IsLent = true;
        return block;
    }

    /// <summary>The server disposes its pool when it stops; blocks that are still out simply go to the
    /// collector.</summary>
    protected override void Dispose(bool disposing)
    {
        lock (_lock)
        {
            _idle.Clear();
        }
    }

    private void Return(Block block)
    {
        lock (_lock)
        {
            _rented--;
            if (_idle.Count < IdleMax)
            {
                _idle.Push(block);
            }
        }
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

using System.Buffers;
using LossService.Api;
using Xunit;

namespace LossService.Tests.Api;

/// <summary>The blocks that bodies pass through: a crowd's are there for the next crowd, and gone when none comes.</summary>
public sealed class TransportBlocksTests
{
    private const int Crowd = 1000;

    [Fact]
    public void Age_OfBlocksThatACrowdNeeded_LetsThemGoAtTheSecondLook()
    {
        using var blocks = new TransportBlocks();
        using IMemoryOwner<byte> held = blocks.Rent();
        HashSet<Memory<byte>> first = Pass(blocks);
        Assert.Equal(0, blocks.Age()); // they were needed since the last look
        Assert.Equal(first, Pass(blocks));

        long bytes = Crowd * (long)blocks.MaxBufferSize;
        Assert.Equal((bytes, (long)blocks.MaxBufferSize), (blocks.BytesPooled, blocks.BytesRented));
        Assert.Equal(0, blocks.Age());
        Pass(blocks, 10);
        Assert.Equal(bytes - (10L * blocks.MaxBufferSize), blocks.Age());
        Assert.Equal(10L * blocks.MaxBufferSize, blocks.BytesPooled);
    }

    [Fact]
    public void Block_GivenBackTwice_IsLentToOneAtATime()
    {
        using var blocks = new TransportBlocks();
        IMemoryOwner<byte> block = blocks.Rent();
        block.Dispose();
        block.Dispose();
        Assert.Equal((0, (long)blocks.MaxBufferSize), (blocks.BytesRented, blocks.BytesPooled));
        Assert.NotEqual(blocks.Rent().Memory, blocks.Rent().Memory);
    }

    private static HashSet<Memory<byte>> Pass(TransportBlocks blocks, int count = Crowd)
    {
        IMemoryOwner<byte>[] rented = [.. Enumerable.Range(0, count).Select(_ => blocks.Rent())];
        HashSet<Memory<byte>> memories = [.. rented.Select(block => block.Memory)];
        Array.ForEach(rented, block => block.Dispose());
        return memories;
    }
}

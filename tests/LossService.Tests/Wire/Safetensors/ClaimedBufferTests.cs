using LossService.Engine.Families;
using LossService.Engine.Numerics;
using LossService.Wire.Safetensors;
using Xunit;

namespace LossService.Tests.Wire.Safetensors;

/// <summary>A buffer that grows while its bytes arrive.</summary>
public sealed class ClaimedBufferTests
{
    private const int Claimed = 20 << 20;
    private const int Part = 1 << 20;

    /// <summary>A copy of megabytes looks at who waits as often as a computation does.</summary>
    [Fact]
    public void GrowingLetsOthersPass()
    {
        var pool = new TensorPool(256 << 20);
        using var buffer = new ClaimedBuffer(pool);
        var crew = new CountingCrew();
        SynchronizationContext? outer = SynchronizationContext.Current;
        SynchronizationContext.SetSynchronizationContext(crew);
        try
        {
            FillOf(buffer);
        }
        finally
        {
            SynchronizationContext.SetSynchronizationContext(outer);
        }

        // 4 MiB are copied to 16, and those to 20: some 20 MiB.
        Assert.True(crew.Pauses >= 20 << 20 >> 19, $"{crew.Pauses} pauses");
        using Lease lease = buffer.Detach();
        for (int place = 0; place < Claimed; place += 4093)
        {
            Assert.Equal(ByteAt(place), lease.Bytes[place]);
        }
    }

    private static byte ByteAt(int place) => (byte)((place * 31L) >> 7);

    private static void FillOf(ClaimedBuffer buffer)
    {
        buffer.Begin(Claimed);
        for (int used = 0; used < Claimed; used += Part)
        {
            Span<byte> room = buffer.Room(used, Part);
            for (int place = 0; place < Part; place++)
            {
                room[place] = ByteAt(used + place);
            }
        }
    }

    private sealed class CountingCrew : SynchronizationContext, ICrew
    {
        public int Pauses { get; private set; }

        public bool IsWantedElsewhere => false;

        public void Share(int threads, Action work) => work();

        public void Pause() => Pauses++;
    }
}

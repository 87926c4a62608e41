using LossService.Engine.Families;
using LossService.Engine.Numerics;
using LossService.Wire.Json;
using LossService.Wire.Safetensors;
using Xunit;

namespace LossService.Tests.Wire;

/// <summary>Buffers that grow while their bytes arrive.</summary>
public sealed class RegrowthTests
{
    private const int Claimed = 20 << 20;
    private const int Part = 4096;

    /// <summary>A copy of megabytes looks at who waits as often as a computation does.</summary>
    [Fact]
    public void ClaimedBuffer_WhileItGrows_LetsOthersPass()
    {
        using var buffer = new ClaimedBuffer(new TensorPool(256 << 20));
        int pauses = PausesOf(() =>
        {
            buffer.Begin(Claimed);
            for (int used = 0; used < Claimed; used += Part)
            {
                Write(buffer.Room(used, Part), used);
            }
        });

        // 4 MiB are copied to 16, and those to 20: some 20 MiB.
        Assert.True(pauses >= 20 << 20 >> 19, $"{pauses} pauses");
        using Lease lease = buffer.Detach();
        AssertWritten(lease.Bytes);
    }

    [Fact]
    public void GrowingBuffer_WhileItGrows_LetsOthersPass()
    {
        using var buffer = new GrowingBuffer(new TensorPool(256 << 20));
        int pauses = PausesOf(() =>
        {
            for (int used = 0; used < Claimed; used += Part)
            {
                Write(buffer.Room<byte>(used, Part)[..Part], used);
            }
        });

        // It doubles: 16 MiB are copied in the end, and as many before.
        Assert.True(pauses >= 20 << 20 >> 19, $"{pauses} pauses");
        AssertWritten(buffer.First<byte>(Claimed));
    }

    private static int PausesOf(Action work)
    {
        var crew = new CountingCrew();
        SynchronizationContext? outer = SynchronizationContext.Current;
        SynchronizationContext.SetSynchronizationContext(crew);
        try
        {
            work();
        }
        finally
        {
            SynchronizationContext.SetSynchronizationContext(outer);
        }

        return crew.Pauses;
    }

    private static byte ByteAt(int place) => (byte)((place * 31L) >> 7);

    private static void Write(Span<byte> room, int used)
    {
        for (int place = 0; place < Part; place++)
        {
            room[place] = ByteAt(used + place);
        }
    }

    private static void AssertWritten(Span<byte> bytes)
    {
        for (int place = 0; place < Claimed; place += 4093)
        {
            Assert.Equal(ByteAt(place), bytes[place]);
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

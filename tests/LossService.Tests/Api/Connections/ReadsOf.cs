using System.Diagnostics;
using System.IO.Pipelines;

namespace LossService.Tests.Api.Connections;

/// <summary>What reading of a pipe costs.</summary>
internal static class ReadsOf
{
    /// <summary>The bytes that a hundred reads allocate, each of data that is there already; the least of some turns, since
    /// the first ones also compile.</summary>
    public static long LeastAllocated(PipeWriter writer, PipeReader reader, byte[] data) =>
        Enumerable.Range(0, 20).Min(_ => Allocated(writer, reader, data, reads: 100));

    private static long Allocated(PipeWriter writer, PipeReader reader, byte[] data, int reads)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int read = 0; read < reads; read++)
        {
            data.CopyTo(writer.GetSpan(data.Length));
            writer.Advance(data.Length);
            ValueTask<FlushResult> flushing = writer.FlushAsync();
            ValueTask<ReadResult> reading = reader.ReadAsync();
            if (!flushing.IsCompleted || !reading.IsCompleted)
            {
                throw new UnreachableException("somebody is waited for");
            }

            reader.AdvanceTo(reading.Result.Buffer.End);
        }

        return GC.GetAllocatedBytesForCurrentThread() - before;
    }
}

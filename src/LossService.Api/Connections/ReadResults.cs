using System.IO.Pipelines;

namespace LossService.Api.Connections;

/// <summary>Less than all that was read.</summary>
internal static class ReadResults
{
    /// <summary>Its first bytes, or all where there are no more of them; what is left out is still to come.</summary>
    public static ReadResult First(this ReadResult all, long bytes) => all.Buffer.Length > bytes
        ? new(all.Buffer.Slice(0, bytes), all.IsCanceled, isCompleted: false)
        : all;
}

using System.IO.Pipelines;

namespace LossService.Wire;

/// <summary>What a pipe says of a flush.</summary>
/// <remarks>Writers await the pipe itself and ask here afterwards: an awaited method between them and the pipe would
/// take a turn of its own on the threads that large answers are written on, for each of hundreds of flushes.</remarks>
internal static class FlushResults
{
    /// <summary>Nothing where somebody still reads.</summary>
    /// <exception cref="OperationCanceledException">Nobody reads any more: the rest would only fill memory.</exception>
    public static void Demand(FlushResult result, CancellationToken cancelled)
    {
        if (result.IsCanceled || result.IsCompleted)
        {
            throw new OperationCanceledException("The reader of an answer went away.", cancelled);
        }
    }
}

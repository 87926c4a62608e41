using System.IO.Pipelines;
using LossService.Engine;
using LossService.Engine.Numerics;

namespace LossService.Wire;

/// <summary>What a reader may take in; the host's <c>Limits</c> are the source of the numbers.</summary>
/// <param name="BodyBytesMax">The most bytes of a body.</param>
/// <param name="ElementsMax">The most elements of one tensor.</param>
/// <param name="DepthMax">The deepest nesting of JSON.</param>
/// <param name="LiteralBytesMax">The longest number or string outside base64, in bytes.</param>
/// <param name="BufferedBytesMax">The largest body that is read whole, so that <c>dtype</c> may stand anywhere in
/// it.</param>
public sealed record ReadLimits(
    long BodyBytesMax, int ElementsMax, int DepthMax, int LiteralBytesMax, int BufferedBytesMax)
{
    /// <summary>The most elements of one tensor that may be wrong before nothing more is read.</summary>
    public const int WrongElementsMax = 1 << 16;

    /// <summary>The longest header of a binary body, in bytes.</summary>
    public int HeaderBytesMax { get; init; } = 1 << 20;

    /// <summary>The mistake of a body that is longer.</summary>
    public Mistake BeyondBody() => new("", Codes.LimitExceeded, $"more than {BodyBytesMax} bytes of body")
    {
        Limit = "body",
        Expected = $"at most {BodyBytesMax} bytes",
    };
}

/// <summary>One format of bodies: bytes to a request, and an answer to bytes.</summary>
public abstract class Codec
{
    /// <summary>The media type it reads and writes.</summary>
    public abstract string MediaType { get; }

    /// <summary>What <c>?format=</c> calls it, where the media type is only <c>application/octet-stream</c>; null for a
    /// format that never comes so.</summary>
    public virtual string? FormatWord => null;

    /// <summary>How many bytes of a body one element takes, as a rule.</summary>
    public abstract int ElementBytes { get; }

    /// <summary>What reading and writing one element costs, in units of what an elementwise loss of it costs, as a
    /// rule.</summary>
    public abstract int ElementSteps { get; }

    /// <summary>Reads a body as it arrives into the request's tensors and settings. What is wrong goes to
    /// <see cref="LossRequest.Mistakes"/>, all of it at once as far as the format allows; nothing is thrown for
    /// input.</summary>
    /// <param name="body">The body; consumed to its end, or as far as it made sense.</param>
    /// <param name="request">Takes tensors and settings; settings from the query may stand in it already.</param>
    /// <param name="limits">What may be taken in.</param>
    /// <param name="pool">Where tensors are rented.</param>
    /// <param name="cancelled">Ends the reading; everything rented is given back.</param>
    public abstract ValueTask ReadAsync(
        PipeReader body, LossRequest request, ReadLimits limits, TensorPool pool, CancellationToken cancelled);

    /// <summary>How many bytes <see cref="WriteAsync"/> will write; null where only writing them tells.</summary>
    public virtual long? LengthOf(LossResult result) => null;

    /// <summary>Writes an answer, flushing as it goes, so that memory stays flat. The end waits in the pipe: its owner
    /// flushes it, and knows how long an answer is of which nothing was sent.</summary>
    public abstract ValueTask WriteAsync(PipeWriter body, LossResult result, CancellationToken cancelled);
}

using LossService.Engine;
using LossService.Wire;

namespace LossService.Api.Admission;

/// <summary>What a request costs, in steps: a step is some ten nanoseconds of one processor.</summary>
/// <remarks>Known twice: guessed from the length of a body before a byte of it is read, and good to a few times from
/// its shapes and settings before anything is computed. It decides order and refusal, never an answer.</remarks>
internal static class Price
{
    /// <summary>How long a step takes, in nanoseconds.</summary>
    public const int StepNanoseconds = 10;

    // Head, validation, log line and the two ends of the pipe.
    private const long OfAnyRequest = 4096;

    /// <summary>The price of a body of some length, before it is read: a guess, but nothing small is long.</summary>
    public static long OfBody(Loss loss, Codec codec, long bytes)
    {
        long elements = bytes / codec.ElementBytes;
        return Of(codec, elements, loss.StepsOf(elements));
    }

    /// <summary>The least that a body of some length may cost: it is read, and its answer written.</summary>
    public static long LeastOfBody(Codec codec, long bytes) => Of(codec, bytes / codec.ElementBytes, 0);

    /// <summary>The price of a request whose shapes are known to agree.</summary>
    public static long OfRequest(Loss loss, LossRequest request, Codec codec) =>
        Of(codec, request.Elements, loss.StepsOf(request));

    private static long Of(Codec codec, long elements, double steps) =>
        OfAnyRequest + (elements * codec.ElementSteps) + (long)Math.Min(steps, long.MaxValue / 1024);
}

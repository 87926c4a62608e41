using LossService.Engine;
using LossService.Engine.Cards;
using LossService.Wire;

namespace LossService.Api.Admission;

/// <summary>What a request costs, in steps: a step is what one element of a linear loss costs in memory, ten
/// nanoseconds of one processor, within a factor of a few.</summary>
/// <remarks>Known twice: from the length of a body before a byte of it is read, and from its shapes before anything is
/// computed. It decides order and refusal, never an answer.</remarks>
internal static class Price
{
    /// <summary>How long a step takes, in nanoseconds.</summary>
    public const int StepNanoseconds = 10;

    // Head, validation, log line and the two ends of the pipe.
    private const long OfAnyRequest = 4096;

    // A pair costs an eighth of what an element does: it is formed in registers.
    private const int PairsPerStep = 8;

    /// <summary>The price of a body of some length, before it is read: the most that it may cost.</summary>
    public static long OfBody(LossCard card, Codec codec, long bytes)
    {
        long elements = bytes / codec.ElementBytes;
        return Of(card, codec, elements, Math.Min(elements, card.AxisMax?.Length ?? double.MaxValue));
    }

    /// <summary>The price of a request whose shapes are known to agree.</summary>
    public static long OfRequest(LossRequest request, Codec codec)
    {
        LossCard card = request.Card;
        long elements = 0;
        for (int place = 0; place < card.Inputs.Count + Common.Tensors.Count; place++)
        {
            elements += request.HasInput(place) ? request.AnyTensor(place).Shape.Elements : 0;
        }

        double paired = card.AxisMax is { } axis && request.Solution is { } solution
            ? solution.Length(axis.Axis) : elements;
        return Of(card, codec, elements, paired);
    }

    private static long Of(LossCard card, Codec codec, long elements, double paired)
    {
        double factor = card.Cost switch
        {
            Cost.Sorting => Math.Max(1, Math.Log2(elements)),
            Cost.Quadratic => Math.Max(1, paired / PairsPerStep),
            _ => 1,
        };
        return OfAnyRequest + (long)(elements * (codec.ElementSteps + factor));
    }
}

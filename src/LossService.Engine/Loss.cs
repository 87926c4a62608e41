using System.Numerics;
using LossService.Engine.Cards;
using LossService.Engine.Families;

namespace LossService.Engine;

/// <summary>One loss of the catalogue, whatever its family: a card, and an answer to a request.</summary>
/// <remarks>What a request costs is told in steps, which take some ten nanoseconds of one processor each. The numbers
/// were measured on one machine: order and refusals want to know what takes a millisecond and what a second, and a
/// factor of five is right enough where it is more than some milliseconds.</remarks>
public abstract class Loss(LossCard card)
{
    // A body is taken for one in which so many elements meet, where there are as many, or twice the root of all: of
    // vectors, four times as many as each is long.
    private const int PairedMin = 512;

    private LossRequest? _usual;

    /// <summary>What the loss says about itself.</summary>
    public LossCard Card { get; } = card;

    /// <summary>What an element costs, or where elements meet a pair, in steps.</summary>
    protected virtual double StepsPerElement => 0.2;

    /// <summary>How many times as much a request costs that wants second derivatives too: of dual numbers, as a
    /// rule.</summary>
    protected virtual double HessianFactor => 3;

    /// <summary>Computes the answer to a request that was resolved, solved and found without mistakes.</summary>
    /// <param name="request">The question; stays the caller's.</param>
    /// <param name="workshop">Where buffers, threads and cancellation come from.</param>
    /// <returns>The answer, which the caller disposes. A request that turns out to reduce nothing with
    /// <c>empty: "error"</c> leaves its mistake in <see cref="LossRequest.Mistakes"/> instead.</returns>
    /// <exception cref="OperationCanceledException">The caller went away; nothing stays rented.</exception>
    public abstract LossResult Run(LossRequest request, Workshop workshop);

    /// <summary>What <see cref="Run"/> will cost, in steps, from shapes, settings and labels; in no more time than a
    /// look at each label takes.</summary>
    /// <param name="request">As <see cref="Run"/> wants it.</param>
    public double StepsOf(LossRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        double hessian = request[Common.Hessian] > 0 ? HessianFactor : 1;
        return Card.CostFactor * hessian * Passes(new(request)) * Steps(request);
    }

    /// <summary>A guess at the same from how many elements there are, under the defaults; up to some hundreds of them
    /// the most that it may be, so that nothing small is ever long.</summary>
    public double StepsOf(long elements)
    {
        _usual ??= new LossRequest(Card);
        return Card.CostFactor * Passes(new(_usual)) * GuessedSteps(elements);
    }

    /// <summary>How many times over a loss does its work, where a parameter says so.</summary>
    protected virtual double Passes(Settings settings) => 1;

    /// <summary>What a request costs, but for what is common to all losses.</summary>
    protected virtual double Steps(LossRequest request)
    {
        long elements = request.Elements;
        return StepsPerElement * elements * (Card.Cost == Cost.Sorting ? Levels(elements) : 1);
    }

    /// <summary>The same from the number of elements alone.</summary>
    protected virtual double GuessedSteps(long elements) => StepsPerElement * elements * Card.Cost switch
    {
        Cost.Sorting => Levels(elements),
        Cost.Quadratic => Math.Min(
            Math.Min(elements, Card.AxisMax?.Length ?? elements), Math.Max(PairedMin, 2 * Math.Sqrt(elements))),
        _ => 1,
    };

    /// <summary>How often so many elements are divided by two until each is alone: the factor of a sort.</summary>
    internal static double Levels(long elements) => 1 + BitOperations.Log2((ulong)Math.Max(1, elements));
}

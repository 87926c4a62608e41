using System.Runtime.CompilerServices;
using LossService.Engine.Cards;
using LossService.Engine.Lanes;
using LossService.Engine.Numerics;

namespace LossService.Engine.Families;

/// <summary>Boxes with their sides parallel to the axes, a number of them in each lane.</summary>
/// <param name="X1">Left, or whichever side the x axis meets first.</param>
/// <param name="Y1">The first side along y.</param>
/// <param name="X2">The second side along x.</param>
/// <param name="Y2">The second side along y.</param>
internal readonly record struct Box<V>(V X1, V Y1, V X2, V Y2) where V : struct, ILane<V>
{
    public V Width => X2 - X1;

    public V Height => Y2 - Y1;

    public V Area => Width * Height;

    /// <summary>The least box around both; where corners coincide, each box moves it by half.</summary>
    public static Box<V> Around(Box<V> a, Box<V> b) =>
        new(V.Min(a.X1, b.X1), V.Min(a.Y1, b.Y1), V.Max(a.X2, b.X2), V.Max(a.Y2, b.Y2));

    /// <summary>What both have in common; its sides are negative where they have nothing.</summary>
    public static Box<V> Between(Box<V> a, Box<V> b) =>
        new(V.Max(a.X1, b.X1), V.Max(a.Y1, b.Y1), V.Min(a.X2, b.X2), V.Min(a.Y2, b.Y2));
}

/// <summary>A loss of a predicted box and its target, of which a box makes one item or several. The card's first two
/// inputs are the boxes, (N, 4), and their targets.</summary>
internal interface IBoxPartLoss<TSelf> : ILossFile<TSelf> where TSelf : struct, IBoxPartLoss<TSelf>
{
    /// <summary>How many items a box makes.</summary>
    static abstract int Parts { get; }

    /// <summary>One of them.</summary>
    static abstract V Part<V>(TSelf loss, int part, Box<V> box, Box<V> target) where V : struct, ILane<V>;
}

/// <summary>A loss of a whole box: one item.</summary>
internal interface IBoxLoss<TSelf> : IBoxPartLoss<TSelf> where TSelf : struct, IBoxLoss<TSelf>
{
    static int IBoxPartLoss<TSelf>.Parts => 1;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static V IBoxPartLoss<TSelf>.Part<V>(TSelf loss, int part, Box<V> box, Box<V> target) => loss.Loss(box, target);

    V Loss<V>(Box<V> box, Box<V> target) where V : struct, ILane<V>;
}

/// <summary>Makes the losses of boxes.</summary>
internal static class Boxes
{
    public static Loss Of<TLoss>() where TLoss : struct, IBoxPartLoss<TLoss> => new BoxLoss<TLoss>();

    /// <summary>The boxes, their targets and their weights, which are alike for all losses of boxes.</summary>
    public static IReadOnlyList<Input> Inputs { get; } =
    [
        new("boxes", "N 4 | 4", "Predicted boxes, corners x1, y1, x2, y2.")
        {
            Gradient = GradientRule.Default,
            Domain = Domain.PredictedBox,
        },
        new("target_boxes", "N 4 | 4", "Target boxes, with x1 ≤ x2 and y1 ≤ y2.")
        {
            Gradient = GradientRule.OnRequest,
            Domain = Domain.Box,
        },
        new(Common.WeightName, "N | N 4", "A weight per box, or per corner, of which a box takes the mean.")
        {
            Optional = true,
            Domain = Domain.NonNegative,
        },
    ];

    /// <summary>The shape of the items.</summary>
    public const string Items = "N | ";

    /// <summary>What every loss of boxes says about its edges.</summary>
    public static IReadOnlyList<string> Edges { get; } =
    [
        "Equal coordinates share the slope of their minimum or maximum, a half each, as in PyTorch; TensorFlow gives all of it to the first.",
        "Where boxes only touch, the slope of their overlap is 0; mmdetection's is 1: tie \"pytorch\".",
        "A predicted box whose corners are not in order is taken as the formula has it, with a note.",
    ];

    private sealed class BoxLoss<TLoss>() : TypedLoss(TLoss.Card)
        where TLoss : struct, IBoxPartLoss<TLoss>
    {
        protected override double StepsPerElement => 8;

        protected override void Compute<T>(LossRequest request, LossResult result, Workshop workshop)
        {
            int weight = request.Card.PlaceOfInput(Common.WeightName);
            using var plan = new ItemPlan<double>(request, workshop, weight);
            if (plan.Settle(result))
            {
                using var driver = new BoxDriver<TLoss, T>(
                    TLoss.Configure(new(request)), request, result, plan, workshop);
                driver.RunAll(workshop);
                driver.Finish();
            }
        }
    }
}

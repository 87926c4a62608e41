using LossService.Engine.Cards;
using LossService.Engine.Lanes;
using LossService.Engine.Numerics;

namespace LossService.Engine.Families;

/// <summary>What an elementwise loss may write by hand beside its formula, where a benchmark pays for it: its value and
/// its slope on the first operand in one kernel. A test holds it against the formula.</summary>
internal interface IFusible<TSelf> : ILossFile<TSelf> where TSelf : struct, IFusible<TSelf>
{
    /// <summary>True for a loss that writes <see cref="Fused"/>.</summary>
    static virtual bool IsFused => false;

    /// <summary>True for a loss that writes <see cref="Ahead"/>.</summary>
    static virtual bool LooksAhead => false;

    /// <summary>What takes long and needs x alone, such as an exponential. It is computed for a whole block before the
    /// rest: a processor overlaps many short chains of operations, but not many long ones.</summary>
    static virtual V Ahead<V>(V x) where V : struct, ILane<V> => x;

    /// <summary>A factor an item, in doubles, for a loss that weighs its items by what the whole batch holds; null for
    /// one that does not. Factors are constants: nothing is differentiated through them. Items may be left out here,
    /// and outputs put into the answer.</summary>
    static virtual Tensor? Balance<T>(TSelf loss, LossResult result, ItemPlan<T> plan, Workshop workshop)
        where T : unmanaged, System.Numerics.INumberBase<T> => null;

    /// <summary>Value and slope; <paramref name="ahead"/> is what <see cref="Ahead"/> made of x.</summary>
    static virtual Dual<V> Fused<V>(TSelf loss, V x, V y, V z, V ahead) where V : struct, ILane<V> => default;
}

/// <summary>A loss of one input: each element is an item.</summary>
internal interface IUnaryLoss<TSelf> : IFusible<TSelf> where TSelf : struct, IUnaryLoss<TSelf>
{
    V Loss<V>(V x) where V : struct, ILane<V>;
}

/// <summary>A loss of two inputs, element by element.</summary>
internal interface IBinaryLoss<TSelf> : IFusible<TSelf> where TSelf : struct, IBinaryLoss<TSelf>
{
    V Loss<V>(V x, V y) where V : struct, ILane<V>;
}

/// <summary>A loss of three inputs, element by element.</summary>
internal interface ITernaryLoss<TSelf> : IFusible<TSelf> where TSelf : struct, ITernaryLoss<TSelf>
{
    V Loss<V>(V x, V y, V z) where V : struct, ILane<V>;
}

/// <summary>A loss with a corner that a request may sit on exactly.</summary>
internal interface ICorner<TSelf> where TSelf : struct, ICorner<TSelf>
{
    /// <summary>What is 0 on the corner. Static, so that no struct is boxed on the way.</summary>
    static abstract V Corner<V>(TSelf loss, V x, V y, V z) where V : struct, ILane<V>;
}

/// <summary>Makes the elementwise losses of the catalogue.</summary>
internal static class Elementwise
{
    public static Loss Unary<TLoss>() where TLoss : struct, IUnaryLoss<TLoss> =>
        new ElementwiseLoss<TLoss, UnaryKernel<TLoss>>();

    public static Loss Binary<TLoss>() where TLoss : struct, IBinaryLoss<TLoss> =>
        new ElementwiseLoss<TLoss, BinaryKernel<TLoss>>();

    public static Loss Ternary<TLoss>() where TLoss : struct, ITernaryLoss<TLoss> =>
        new ElementwiseLoss<TLoss, TernaryKernel<TLoss>>();

    /// <summary>A loss of two inputs with a corner.</summary>
    public static Loss CorneredBinary<TLoss>() where TLoss : struct, IBinaryLoss<TLoss>, ICorner<TLoss> =>
        new ElementwiseLoss<TLoss, CorneredBinaryKernel<TLoss>>();

    /// <summary>A loss of three inputs with a corner.</summary>
    public static Loss CorneredTernary<TLoss>() where TLoss : struct, ITernaryLoss<TLoss>, ICorner<TLoss> =>
        new ElementwiseLoss<TLoss, CorneredTernaryKernel<TLoss>>();
}

/// <summary>A loss whose items are computed one by one from the elements of its inputs at the same place.</summary>
internal sealed class ElementwiseLoss<TLoss, TKernel>() : LanedLoss(TLoss.Card)
    where TLoss : struct, IFusible<TLoss>
    where TKernel : IElementKernel<TLoss>
{
    private static readonly int Weight = TLoss.Card.PlaceOfInput(Common.WeightName);
    private static readonly int[] Operands =
        [.. Enumerable.Range(0, TLoss.Card.Inputs.Count).Where(place => place != Weight).Take(TKernel.Operands)];

    protected override void Compute<T, V>(LossRequest request, LossResult result, Workshop workshop)
    {
        using var plan = new ItemPlan<T>(request, workshop, Weight);
        TLoss loss = TLoss.Configure(new(request));
        if (TLoss.Balance(loss, result, plan, workshop) is { } factors)
        {
            plan.Balance(factors);
        }

        if (plan.Settle(result))
        {
            using var driver = new ElementwiseDriver<TLoss, TKernel, T, V>(
                loss, Operands, result, plan, workshop);
            driver.RunAll(workshop);
            driver.Finish();
        }
    }
}

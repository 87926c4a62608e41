using System.Runtime.CompilerServices;
using LossService.Engine.Cards;
using LossService.Engine.Lanes;
using LossService.Engine.Numerics;

namespace LossService.Engine.Families;

/// <summary>A loss of one input: each element is an item.</summary>
internal interface IUnaryLoss<TSelf> : ILossFile<TSelf> where TSelf : struct, IUnaryLoss<TSelf>
{
    V Loss<V>(V x) where V : struct, ILane<V>;
}

/// <summary>A loss of two inputs, element by element.</summary>
internal interface IBinaryLoss<TSelf> : ILossFile<TSelf> where TSelf : struct, IBinaryLoss<TSelf>
{
    V Loss<V>(V x, V y) where V : struct, ILane<V>;
}

/// <summary>A loss of three inputs, element by element.</summary>
internal interface ITernaryLoss<TSelf> : ILossFile<TSelf> where TSelf : struct, ITernaryLoss<TSelf>
{
    V Loss<V>(V x, V y, V z) where V : struct, ILane<V>;
}

/// <summary>A loss with a corner that a request may sit on exactly: 0 where it does.</summary>
internal interface ICorner
{
    V Corner<V>(V x, V y, V z) where V : struct, ILane<V>;
}

/// <summary>A loss of up to three operands, as the driver sees it.</summary>
internal interface IElementKernel<TSelf> where TSelf : struct, IElementKernel<TSelf>
{
    static abstract LossCard Card { get; }

    static abstract int Operands { get; }

    static abstract TSelf Configure(Settings settings);

    V Loss<V>(V x, V y, V z) where V : struct, ILane<V>;

    /// <summary>The loss itself, when it has corners to count.</summary>
    ICorner? Corner { get; }
}

/// <summary>Makes the elementwise losses of the catalogue.</summary>
internal static class Elementwise
{
    public static Loss Unary<TLoss>() where TLoss : struct, IUnaryLoss<TLoss> =>
        new ElementwiseLoss<UnaryKernel<TLoss>>();

    public static Loss Binary<TLoss>() where TLoss : struct, IBinaryLoss<TLoss> =>
        new ElementwiseLoss<BinaryKernel<TLoss>>();

    public static Loss Ternary<TLoss>() where TLoss : struct, ITernaryLoss<TLoss> =>
        new ElementwiseLoss<TernaryKernel<TLoss>>();

    private readonly struct UnaryKernel<TLoss>(TLoss loss) : IElementKernel<UnaryKernel<TLoss>>
        where TLoss : struct, IUnaryLoss<TLoss>
    {
        private readonly TLoss _loss = loss;

        public static LossCard Card => TLoss.Card;

        public static int Operands => 1;

        public ICorner? Corner => _loss as ICorner;

        public static UnaryKernel<TLoss> Configure(Settings settings) => new(TLoss.Configure(settings));

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public V Loss<V>(V x, V y, V z) where V : struct, ILane<V> => _loss.Loss(x);
    }

    private readonly struct BinaryKernel<TLoss>(TLoss loss) : IElementKernel<BinaryKernel<TLoss>>
        where TLoss : struct, IBinaryLoss<TLoss>
    {
        private readonly TLoss _loss = loss;

        public static LossCard Card => TLoss.Card;

        public static int Operands => 2;

        public ICorner? Corner => _loss as ICorner;

        public static BinaryKernel<TLoss> Configure(Settings settings) => new(TLoss.Configure(settings));

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public V Loss<V>(V x, V y, V z) where V : struct, ILane<V> => _loss.Loss(x, y);
    }

    private readonly struct TernaryKernel<TLoss>(TLoss loss) : IElementKernel<TernaryKernel<TLoss>>
        where TLoss : struct, ITernaryLoss<TLoss>
    {
        private readonly TLoss _loss = loss;

        public static LossCard Card => TLoss.Card;

        public static int Operands => 3;

        public ICorner? Corner => _loss as ICorner;

        public static TernaryKernel<TLoss> Configure(Settings settings) => new(TLoss.Configure(settings));

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public V Loss<V>(V x, V y, V z) where V : struct, ILane<V> => _loss.Loss(x, y, z);
    }
}

/// <summary>A loss whose items are computed one by one from the elements of its inputs at the same place.</summary>
internal sealed class ElementwiseLoss<TKernel>() : Loss(TKernel.Card)
    where TKernel : struct, IElementKernel<TKernel>
{
    public override LossResult Run(LossRequest request, Workshop workshop) =>
        request.IsFloat64 ? Run<double, DoubleLane>(request, workshop) : Run<float, SingleLane>(request, workshop);

    private static LossResult Run<T, V>(LossRequest request, Workshop workshop)
        where T : unmanaged, System.Numerics.INumberBase<T>
        where V : struct, IVectorLane<V, T>
    {
        var result = new LossResult(request);
        try
        {
            int weight = request.Card.PlaceOfInput(Common.WeightName);
            using var plan = new ItemPlan<T>(request, workshop, weight);
            if (plan.Settle(result))
            {
                using var driver = new ElementwiseDriver<TKernel, T, V>(
                    TKernel.Configure(new(request)), request, result, plan, workshop);
                driver.RunAll(workshop);
                driver.Finish();
            }

            return result;
        }
        catch
        {
            result.Dispose();
            throw;
        }
    }
}

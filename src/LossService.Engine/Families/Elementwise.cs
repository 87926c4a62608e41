using System.Diagnostics;
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

/// <summary>A loss with a corner that a request may sit on exactly.</summary>
internal interface ICorner<TSelf> where TSelf : struct, ICorner<TSelf>
{
    /// <summary>What is 0 on the corner. Static, so that no struct is boxed on the way.</summary>
    static abstract V Corner<V>(TSelf loss, V x, V y, V z) where V : struct, ILane<V>;
}

/// <summary>A loss of up to three operands, as the driver sees it.</summary>
internal interface IElementKernel<TSelf> where TSelf : struct, IElementKernel<TSelf>
{
    static abstract LossCard Card { get; }

    static abstract int Operands { get; }

    static abstract TSelf Configure(Settings settings);

    V Loss<V>(V x, V y, V z) where V : struct, ILane<V>;

    /// <summary>True when the loss has corners to count.</summary>
    static abstract bool HasCorner { get; }

    /// <summary>What is 0 on a corner; never asked of a loss without.</summary>
    V Corner<V>(V x, V y, V z) where V : struct, ILane<V>;
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

    /// <summary>A loss of two inputs with a corner.</summary>
    public static Loss CorneredBinary<TLoss>() where TLoss : struct, IBinaryLoss<TLoss>, ICorner<TLoss> =>
        new ElementwiseLoss<CorneredBinaryKernel<TLoss>>();

    /// <summary>A loss of three inputs with a corner.</summary>
    public static Loss CorneredTernary<TLoss>() where TLoss : struct, ITernaryLoss<TLoss>, ICorner<TLoss> =>
        new ElementwiseLoss<CorneredTernaryKernel<TLoss>>();

    private readonly struct UnaryKernel<TLoss>(TLoss loss) : IElementKernel<UnaryKernel<TLoss>>
        where TLoss : struct, IUnaryLoss<TLoss>
    {
        private readonly TLoss _loss = loss;

        public static LossCard Card => TLoss.Card;

        public static int Operands => 1;

        public static bool HasCorner => false;

        public static UnaryKernel<TLoss> Configure(Settings settings) => new(TLoss.Configure(settings));

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public V Loss<V>(V x, V y, V z) where V : struct, ILane<V> => _loss.Loss(x);

        public V Corner<V>(V x, V y, V z) where V : struct, ILane<V> => throw new UnreachableException();
    }

    private readonly struct BinaryKernel<TLoss>(TLoss loss) : IElementKernel<BinaryKernel<TLoss>>
        where TLoss : struct, IBinaryLoss<TLoss>
    {
        private readonly TLoss _loss = loss;

        public static LossCard Card => TLoss.Card;

        public static int Operands => 2;

        public static bool HasCorner => false;

        public static BinaryKernel<TLoss> Configure(Settings settings) => new(TLoss.Configure(settings));

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public V Loss<V>(V x, V y, V z) where V : struct, ILane<V> => _loss.Loss(x, y);

        public V Corner<V>(V x, V y, V z) where V : struct, ILane<V> => throw new UnreachableException();
    }

    private readonly struct TernaryKernel<TLoss>(TLoss loss) : IElementKernel<TernaryKernel<TLoss>>
        where TLoss : struct, ITernaryLoss<TLoss>
    {
        private readonly TLoss _loss = loss;

        public static LossCard Card => TLoss.Card;

        public static int Operands => 3;

        public static bool HasCorner => false;

        public static TernaryKernel<TLoss> Configure(Settings settings) => new(TLoss.Configure(settings));

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public V Loss<V>(V x, V y, V z) where V : struct, ILane<V> => _loss.Loss(x, y, z);

        public V Corner<V>(V x, V y, V z) where V : struct, ILane<V> => throw new UnreachableException();
    }

    private readonly struct CorneredBinaryKernel<TLoss>(TLoss loss) : IElementKernel<CorneredBinaryKernel<TLoss>>
        where TLoss : struct, IBinaryLoss<TLoss>, ICorner<TLoss>
    {
        private readonly TLoss _loss = loss;

        public static LossCard Card => TLoss.Card;

        public static int Operands => 2;

        public static bool HasCorner => true;

        public static CorneredBinaryKernel<TLoss> Configure(Settings settings) => new(TLoss.Configure(settings));

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public V Loss<V>(V x, V y, V z) where V : struct, ILane<V> => _loss.Loss(x, y);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public V Corner<V>(V x, V y, V z) where V : struct, ILane<V> => TLoss.Corner(_loss, x, y, z);
    }

    private readonly struct CorneredTernaryKernel<TLoss>(TLoss loss) : IElementKernel<CorneredTernaryKernel<TLoss>>
        where TLoss : struct, ITernaryLoss<TLoss>, ICorner<TLoss>
    {
        private readonly TLoss _loss = loss;

        public static LossCard Card => TLoss.Card;

        public static int Operands => 3;

        public static bool HasCorner => true;

        public static CorneredTernaryKernel<TLoss> Configure(Settings settings) => new(TLoss.Configure(settings));

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public V Loss<V>(V x, V y, V z) where V : struct, ILane<V> => _loss.Loss(x, y, z);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public V Corner<V>(V x, V y, V z) where V : struct, ILane<V> => TLoss.Corner(_loss, x, y, z);
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

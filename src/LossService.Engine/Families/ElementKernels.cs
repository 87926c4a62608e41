using System.Diagnostics;
using System.Runtime.CompilerServices;
using LossService.Engine.Lanes;

namespace LossService.Engine.Families;

/// <summary>A loss of up to three operands, as the driver sees it: however many it takes, it is given three.</summary>
internal interface IElementKernel<TLoss> where TLoss : struct
{
    /// <summary>How many of the three it looks at.</summary>
    static abstract int Operands { get; }

    static abstract V Loss<V>(TLoss loss, V x, V y, V z) where V : struct, ILane<V>;

    /// <summary>True when the loss has corners to count.</summary>
    static virtual bool HasCorner => false;

    /// <summary>What is 0 on a corner; never asked of a loss without.</summary>
    static virtual V Corner<V>(TLoss loss, V x, V y, V z) where V : struct, ILane<V> =>
        throw new UnreachableException();
}

internal readonly struct UnaryKernel<TLoss> : IElementKernel<TLoss>
    where TLoss : struct, IUnaryLoss<TLoss>
{
    public static int Operands => 1;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Loss<V>(TLoss loss, V x, V y, V z) where V : struct, ILane<V> => loss.Loss(x);
}

internal readonly struct BinaryKernel<TLoss> : IElementKernel<TLoss>
    where TLoss : struct, IBinaryLoss<TLoss>
{
    public static int Operands => 2;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Loss<V>(TLoss loss, V x, V y, V z) where V : struct, ILane<V> => loss.Loss(x, y);
}

internal readonly struct TernaryKernel<TLoss> : IElementKernel<TLoss>
    where TLoss : struct, ITernaryLoss<TLoss>
{
    public static int Operands => 3;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Loss<V>(TLoss loss, V x, V y, V z) where V : struct, ILane<V> => loss.Loss(x, y, z);
}

internal readonly struct CorneredBinaryKernel<TLoss> : IElementKernel<TLoss>
    where TLoss : struct, IBinaryLoss<TLoss>, ICorner<TLoss>
{
    public static int Operands => 2;

    public static bool HasCorner => true;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Loss<V>(TLoss loss, V x, V y, V z) where V : struct, ILane<V> => loss.Loss(x, y);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Corner<V>(TLoss loss, V x, V y, V z) where V : struct, ILane<V> => TLoss.Corner(loss, x, y, z);
}

internal readonly struct CorneredTernaryKernel<TLoss> : IElementKernel<TLoss>
    where TLoss : struct, ITernaryLoss<TLoss>, ICorner<TLoss>
{
    public static int Operands => 3;

    public static bool HasCorner => true;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Loss<V>(TLoss loss, V x, V y, V z) where V : struct, ILane<V> => loss.Loss(x, y, z);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Corner<V>(TLoss loss, V x, V y, V z) where V : struct, ILane<V> => TLoss.Corner(loss, x, y, z);
}

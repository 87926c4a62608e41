using LossService.Engine.Lanes;
using LossService.Engine.Numerics;

namespace LossService.Engine.Families;

/// <summary>Matrix products of families that are not written over lanes: in doubles, in the widest lanes that the
/// machine is good at.</summary>
internal static class DoubleProduct
{
    /// <summary>Computes a product of two sides of one depth.</summary>
    /// <param name="left">Its vectors are the rows of the product.</param>
    /// <param name="right">Its vectors are the columns of the product.</param>
    /// <param name="product">Where the product goes, row by row.</param>
    /// <param name="workshop">Lends room, and runs the blocks.</param>
    /// <param name="adds">True to add to what stands there, false to replace it.</param>
    public static void Run(MatrixSide left, MatrixSide right, Tensor product, Workshop workshop, bool adds = false)
    {
        if (Wide.IsFast)
        {
            using var wide = new ProductDriver<double, WideDoubleLane>(workshop, left, right, product, adds);
            wide.RunAll(workshop);
        }
        else
        {
            using var narrow = new ProductDriver<double, DoubleLane>(workshop, left, right, product, adds);
            narrow.RunAll(workshop);
        }
    }

    /// <summary>Computes the product of a side with itself.</summary>
    public static void RunSymmetric(MatrixSide side, Tensor product, Workshop workshop)
    {
        if (Wide.IsFast)
        {
            using var wide = ProductDriver<double, WideDoubleLane>.Symmetric(workshop, side, product);
            wide.RunAll(workshop);
        }
        else
        {
            using var narrow = ProductDriver<double, DoubleLane>.Symmetric(workshop, side, product);
            narrow.RunAll(workshop);
        }
    }
}

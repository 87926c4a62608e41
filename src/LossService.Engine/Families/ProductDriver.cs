using System.Diagnostics;
using System.Numerics;
using LossService.Engine.Lanes;
using LossService.Engine.Numerics;

namespace LossService.Engine.Families;

/// <summary>A matrix product as a step of a computation: blocks of rows, on as many threads as there are.</summary>
internal sealed class ProductDriver<T, V> : Driver, IDisposable
    where T : unmanaged, INumberBase<T>
    where V : struct, IVectorLane<V, T>
{
    private readonly Workshop _workshop;
    private readonly MatrixSide _left;
    private readonly int _columns;
    private readonly Tensor _product;
    private readonly Tensor _panels;
    private readonly bool _adds;
    private readonly bool _isSymmetric;

    /// <summary>A product of two sides of one depth.</summary>
    /// <param name="workshop">Lends the room to rearrange the right side in, and is polled.</param>
    /// <param name="left">Its vectors are the rows of the product.</param>
    /// <param name="right">Its vectors are the columns of the product.</param>
    /// <param name="product">Where the product goes, row by row.</param>
    /// <param name="adds">True to add to what stands there, false to replace it.</param>
    public ProductDriver(Workshop workshop, MatrixSide left, MatrixSide right, Tensor product, bool adds = false)
        : this(workshop, left, right, product, adds, isSymmetric: false)
    {
    }

    private ProductDriver(
        Workshop workshop, MatrixSide left, MatrixSide right, Tensor product, bool adds, bool isSymmetric)
    {
        Debug.Assert(left.Depth == right.Depth, "both sides have the same depth");
        Debug.Assert(product.Shape.Elements == left.Count * right.Count, "the product fits its room");
        _workshop = workshop;
        _left = left;
        _columns = right.Count;
        _product = product;
        _adds = adds;
        _isSymmetric = isSymmetric;
        int width = MatrixProduct<T, V>.RightWidth;
        _panels = Tensor.RentVector(
            workshop.Pool, MatrixPanels.Length(_columns, width, right.Depth), product.Element);
        try
        {
            PackAll(right, width, _panels.Values<T>());
        }
        catch
        {
            _panels.Dispose();
            throw;
        }
    }

    // A block of a product takes longer than those of other drivers.
    protected override int BlocksPerThread => 3;

    public override int Blocks => (_left.Count + MatrixProduct<T, V>.BlockRows - 1) / MatrixProduct<T, V>.BlockRows;

    /// <summary>The product of a side with itself: what lies above the diagonal is computed, the rest copied; bit for
    /// bit what the general product gives.</summary>
    public static ProductDriver<T, V> Symmetric(Workshop workshop, MatrixSide side, Tensor product) =>
        new(workshop, side, side, product, adds: false, isSymmetric: true);

    public override void Run(int block, Scratch scratch)
    {
        int first = block * MatrixProduct<T, V>.BlockRows;
        Span<T> room = scratch.Take<T>(0, MatrixProduct<T, V>.ScratchLength(_left.Depth));
        Span<T> product = _product.Values<T>();
        int start = 0;
        do
        {
            if (start > 0)
            {
                _workshop.Poll(); // a block grows with the depth and the columns
            }

            MatrixProduct<T, V>.Rows(
                _left, first, start, _panels.Values<T>(), _columns, product, _adds, _isSymmetric, room);
            start += MatrixPanels.DepthMax;
        }
        while (start < _left.Depth);

        if (_isSymmetric)
        {
            MatrixProduct<T, V>.Mirror(first, _columns, product);
        }
    }

    public void Dispose() => _panels.Dispose();

    // A whole side, part of the depth by part.
    private void PackAll(in MatrixSide side, int width, Span<T> to)
    {
        var pace = new Pace(_workshop);
        int vectors = MatrixPanels.PanelsOf(side.Count, width) * width;
        for (int start = 0; start < side.Depth; start += MatrixPanels.DepthMax)
        {
            int depth = Math.Min(MatrixPanels.DepthMax, side.Depth - start);
            for (int first = 0; first < side.Count; first += width)
            {
                pace.Count((long)width * depth);
                Span<T> panel = to.Slice((vectors * start) + (first * depth), width * depth);
                MatrixPanels.Pack(side, first, Math.Min(width, side.Count - first), start, depth, width, panel);
            }
        }
    }
}

using System.Numerics;
using System.Runtime.InteropServices;
using LossService.Engine.Lanes;
using LossService.Engine.Numerics;

namespace LossService.Engine.Families;

/// <summary>Runs an elementwise kernel over blocks: items, the gradient of every input asked for, diagonal
/// Hessians.</summary>
/// <remarks>Each differentiable input is one pass over the block with its own dual seed; the block stays in
/// L1.</remarks>
internal sealed partial class ElementwiseDriver<TLoss, TKernel, T, V> : Driver, IDisposable
    where TLoss : struct, IFusible<TLoss>
    where TKernel : IElementKernel<TLoss>
    where T : unmanaged, INumberBase<T>
    where V : struct, IVectorLane<V, T>
{
    private const int XSlot = 0;
    private const int YSlot = 1;
    private const int ZSlot = 2;
    private const int WeightSlot = 3;
    private const int CoefficientSlot = 4;
    private const int CurvatureSlot = 5;
    private const int ItemSlot = 6;
    private const int SlopeSlot = 7;
    private const int AheadSlot = 8;

    private readonly TLoss _loss;
    private readonly LossResult _result;
    private readonly ItemPlan<T> _plan;
    private readonly Tensor? _partials;
    private readonly Operand<T> _x;
    private readonly Operand<T> _y;
    private readonly Operand<T> _z;
    private readonly SharedOperand<T> _shared;
    private double _onlyPartial;
    private int _ties;

    public ElementwiseDriver(
        TLoss loss, int[] places, LossResult result, ItemPlan<T> plan, Workshop workshop)
    {
        _loss = loss;
        _result = result;
        _plan = plan;
        Blocks = (plan.Items + BlockItems - 1) / BlockItems;
        LossRequest request = result.Request;
        _x = new(request, places[0]);
        _y = TKernel.Operands > 1 ? new(request, places[1]) : default;
        _z = TKernel.Operands > 2 ? new(request, places[2]) : default;
        Outputs.Rent(request, result, workshop.Pool, withItems: true);
        _shared = TKernel.Operands > 2 ? new(result, _z.Place, request.Solution!.Items, workshop.Pool) : default;
        try
        {
            _partials = Blocks > 1 ? Tensor.Rent(workshop.Pool, new Shape(Blocks), Element.Float64) : null;
        }
        catch
        {
            _shared.Dispose();
            throw;
        }
    }

    public override int Blocks { get; }

    // Most requests are one block; they rent nothing for it.
    private Span<double> Partials =>
        _partials is null ? new Span<double>(ref _onlyPartial)[..Blocks] : _partials.Float64;

    public override void Run(int block, Scratch scratch)
    {
        int start = block * BlockItems;
        int count = Math.Min(BlockItems, _plan.Items - start);
        Span<T> constants = stackalloc T[(CurvatureSlot + 1) * VectorItemsMax];
        Span<T> items = _result.Losses is null
            ? scratch.Take<T>(ItemSlot, count)[..count]
            : _result.Losses.Values<T>().Slice(start, count);
        scoped Pass pass = default; // filled in place: an initializer would fill another one and copy it
        pass.X = _x.Read(XSlot, start, count, scratch);
        pass.Y = TKernel.Operands > 1 ? _y.Read(YSlot, start, count, scratch) : default;
        pass.Z = TKernel.Operands > 2 ? _z.Read(ZSlot, start, count, scratch, Constant(constants, ZSlot)) : default;
        pass.Items = items;
        pass.Ahead = TLoss.LooksAhead ? scratch.Take<T>(AheadSlot, count) : default;
        FillFactors(start, count, scratch, constants, ref pass);
        if (TKernel.Operands > 2)
        {
            Differentiate<Third>(_z.Place, start, scratch, ref pass);
        }

        if (TKernel.Operands > 1)
        {
            Differentiate<Second>(_y.Place, start, scratch, ref pass);
        }

        Differentiate<First>(_x.Place, start, scratch, ref pass);
        if (!pass.HasItems)
        {
            Sweep<None>(ref pass, default, default);
        }

        _plan.Blank(start, items);
        Partials[block] = Sums.OfBlock<T>(items);
        if (TKernel.HasCorner)
        {
            Interlocked.Add(ref _ties, CountTies(start, ref pass));
        }
    }

    /// <summary>Reduces, and says what the caller should know.</summary>
    public void Finish()
    {
        _plan.Finish(_result, Partials);
        _shared.Fold();
        _result.TellTies(_ties, "Items");
    }

    public void Dispose()
    {
        _shared.Dispose();
        _partials?.Dispose();
    }

    // One vector a constant.
    private static Span<T> Constant(Span<T> constants, int slot) => constants.Slice(slot * VectorItemsMax, V.Count);

    private void FillFactors(int start, int count, Scratch scratch, Span<T> constants, ref Pass pass)
    {
        bool uniform = _plan.IsUniform;
        Span<T> weights = uniform ? Constant(constants, WeightSlot) : scratch.Take<T>(WeightSlot, count)[..count];
        Span<T> coefficients =
            uniform ? Constant(constants, CoefficientSlot) : scratch.Take<T>(CoefficientSlot, count)[..count];
        Span<T> curvatures =
            uniform ? Constant(constants, CurvatureSlot) : scratch.Take<T>(CurvatureSlot, count)[..count];
        _plan.Fill(start, weights, coefficients, curvatures);
        pass.Weights = new(weights, uniform);
        pass.Coefficients = new(coefficients, uniform);
        pass.Curvatures = new(curvatures, uniform);
    }

    private void Differentiate<TSeed>(int place, int start, Scratch scratch, ref Pass pass) where TSeed : struct, ISeed
    {
        Tensor? gradient = _result.Gradients[place];
        if (gradient is null)
        {
            return;
        }

        int count = pass.Items.Length;
        Span<T> slopes = gradient.Values<T>().Slice(start, count);
        Tensor? hessian = _result.Hessians[place];
        if (hessian is not null)
        {
            Span<T> curves = hessian.Values<T>().Slice(start, count);
            Sweep<TSeed>(ref pass, slopes, curves);
            _plan.Blank(start, curves);
        }

        // A fused kernel has the last word on losses and slopes: their bits do not depend on what else is asked for.
        if (hessian is null || (TLoss.IsFused && TSeed.Operand == 0))
        {
            bool streams = Streams.Suit(gradient.Bytes.Length);
            pass.IsLarge = streams;
            Span<T> near = streams ? scratch.Take<T>(SlopeSlot, count)[..count] : slopes;
            Sweep<TSeed>(ref pass, near, default);
            _plan.Blank(start, near);
            if (streams)
            {
                Streams.Write(near, slopes);
            }
        }
        else
        {
            _plan.Blank(start, slopes);
        }
    }

    private int CountTies(int start, ref Pass pass)
    {
        int count = pass.Items.Length;
        int ties = 0;
        int i = 0;
        ref T x = ref MemoryMarshal.GetReference(pass.X);
        ref T y = ref MemoryMarshal.GetReference(pass.Y);
        ref T z = ref MemoryMarshal.GetReference(pass.Z.Numbers);
        for (; _plan.LeftOut == 0 && i <= count - V.Count; i += V.Count)
        {
            V corner = TKernel.Corner(
                _loss,
                V.Load(ref x, i),
                TKernel.Operands > 1 ? V.Load(ref y, i) : default,
                TKernel.Operands > 2 ? V.Load(ref z, pass.Z.Repeats ? 0 : i) : default);
            ties += V.Set(V.Same(corner, V.Of(0)));
        }

        for (; i < count; i++)
        {
            double corner = TKernel.Corner<ScalarLane>(
                _loss,
                double.CreateTruncating(pass.X[i]),
                TKernel.Operands > 1 ? double.CreateTruncating(pass.Y[i]) : 0,
                TKernel.Operands > 2 ? double.CreateTruncating(pass.Z[i]) : 0).Value;
            ties += corner == 0 && !_plan.IsLeftOut(start + i) ? 1 : 0;
        }

        return ties;
    }

    private ref struct Pass
    {
        public Span<T> X;
        public Span<T> Y;
        public Strip<T> Z;
        public Strip<T> Weights;
        public Strip<T> Coefficients;
        public Strip<T> Curvatures;
        public Span<T> Items;
        public Span<T> Ahead;
        public bool HasItems;
        public bool IsLarge; // the next block's numbers come from memory: they are fetched beside this one's work
    }
}

using System.Numerics;
using System.Runtime.InteropServices;
using LossService.Engine.Lanes;
using LossService.Engine.Numerics;

namespace LossService.Engine.Families;

/// <summary>Runs a softmax loss over groups of rows: exponentials and sums row by row, the loss over all rows of the
/// group at once, then gradients and Hessians row by row from the exponentials that were kept.</summary>
/// <remarks>The sum of a row leaves out the target's own exponential, so that neither log p of a certain target nor
/// p - 1 loses its digits: log p = -log1p(rest), p - 1 = -rest / sum.</remarks>
internal sealed partial class SoftmaxRowDriver<TLoss, T, V> : Driver, IDisposable
    where TLoss : struct, ISoftmaxRowLoss<TLoss>
    where T : unmanaged, IFloatingPointIeee754<T>
    where V : struct, IVectorLane<V, T>
{
    private readonly TLoss _loss;
    private readonly RowTarget<T> _target;
    private readonly LossResult _result;
    private readonly ItemPlan<T> _plan;
    private readonly RowLayout _layout;
    private readonly Tensor _scores;
    private readonly Tensor? _partials;
    private double _onlyPartial;
    private int _undefined;
    private int _unnormalized;

    public SoftmaxRowDriver(
        TLoss loss, RowTarget<T> target, LossRequest request, LossResult result, ItemPlan<T> plan, Workshop workshop)
    {
        _loss = loss;
        _target = target;
        _result = result;
        _plan = plan;
        _layout = new(request.Solution!);
        _scores = request.Tensor(0)!;
        Outputs.Rent(request, result, workshop.Pool, withItems: true);
        _partials = Blocks <= 1 ? null : Tensor.Rent(workshop.Pool, new Shape(Blocks), Element.Float64);
    }

    public override int Blocks => _layout.Blocks;

    public override void Run(int block, Scratch scratch)
    {
        int start = block * _layout.RowsPerBlock;
        int rows = Math.Min(_layout.RowsPerBlock, _layout.Rows - start);
        if (IsByLabel)
        {
            RunByLabel(block, start, rows, scratch);
        }
        else
        {
            FinishItems(block, start, RunGroup(start, rows, scratch, onlyCurves: false));
        }
    }

    /// <summary>Reduces, and says what the caller should know.</summary>
    public void Finish()
    {
        _plan.Finish(_result, Partials[..Blocks]);
        RowNotes.Add(_result, _undefined, _unnormalized);
    }

    public void Dispose() => _partials?.Dispose();

    // A sum a block; the one of a small request needs no lease.
    private Span<double> Partials => _partials is null ? new Span<double>(ref _onlyPartial) : _partials.Float64;

    /// <summary>The way of every target and every output, or of the Hessian alone. Returns the rows' weighted
    /// losses.</summary>
    private Span<double> RunGroup(int start, int rows, Scratch scratch, bool onlyCurves)
    {
        var group = new RowGroup<T>(scratch, rows, _layout.Classes);
        _plan.Fill(start, group.Weights, group.Coefficients, group.Curvatures);
        for (int r = 0; r < rows; r++)
        {
            if (!_plan.IsLeftOut(start + r))
            {
                Measure(start + r, r, group);
            }
        }

        Answer(group);
        Span<double> losses = group.Losses[..rows];
        for (int r = 0; r < rows; r++)
        {
            Differentiate(start + r, r, group, onlyCurves);
        }

        for (int r = 0; r < rows; r++)
        {
            losses[r] = _plan.IsLeftOut(start + r) ? 0 : losses[r] * double.CreateTruncating(group.Weights[r]);
        }

        return losses;
    }

    /// <summary>One row's exponentials, and what its target makes of them.</summary>
    private void Measure(int row, int r, in RowGroup<T> group)
    {
        Span<T> scores = _layout.Read(_scores, row, group.Gathered);
        Span<T> exps = group.Exps(r);
        T top = Prepare(ref scores, group);
        int label = _target.Labels is null ? -1 : _target.Labels.Label[row];
        double shift = double.CreateTruncating(top);
        double own = 0;
        if (!TLoss.TakesLogProbabilities)
        {
            Rows.Exp<T, V>(scores, top, T.One, exps);
            int apart = label >= 0 ? label : Rows.IndexOf<T, V>(exps, T.One); // -1 where there is no softmax
            own = apart < 0 ? 0 : double.CreateTruncating(exps[apart]);
            group.Rest[r] = apart < 0 ? double.NaN : SumOfOthers(exps, apart);
        }

        group.Own[r] = own;
        group.Spread[r] = _target.Smoothing > 0 ? Gap(scores, top, default, group) : 0;
        if (label >= 0)
        {
            group.Cross[r] = shift - double.CreateTruncating(scores[label]);
            group.Mass[r] = _target.WeightOf(label);
        }
        else
        {
            MeasureDistribution(row, r, scores, top, group);
        }
    }

    // Scores that are log-probabilities are shifted by nothing.
    private T Prepare(ref Span<T> scores, in RowGroup<T> group)
    {
        if (TLoss.TakesLogProbabilities)
        {
            return T.Zero;
        }

        T top = RowSoftmax.Top<T, V>(ref scores, group.Gathered);
        if (T.IsNaN(top))
        {
            Interlocked.Increment(ref _undefined);
        }

        return top;
    }

    private void MeasureDistribution(int row, int r, ReadOnlySpan<T> scores, T top, in RowGroup<T> group)
    {
        ReadOnlySpan<T> given = _layout.Read(_target.Probabilities!, row, group.TargetGathered);
        double mass = Rows.Sum<T, V>(given);
        double tolerance = (typeof(T) == typeof(float) ? 1e-6 : 1e-12) * given.Length;
        if (_target.AreProbabilities && !(Math.Abs(mass - 1) <= tolerance))
        {
            Interlocked.Increment(ref _unnormalized);
        }

        ReadOnlySpan<T> weighted = Weigh(given, group);
        group.Mass[r] = _target.Weights.IsEmpty ? mass : Rows.Sum<T, V>(weighted);
        group.Cross[r] = Gap(scores, top, given, group);
    }

    // w · t, in scratch where there are weights.
    private ReadOnlySpan<T> Weigh(ReadOnlySpan<T> given, in RowGroup<T> group)
    {
        ReadOnlySpan<T> weights = _target.Weights;
        if (weights.IsEmpty)
        {
            return given;
        }

        Span<T> products = group.Products;
        for (int c = 0; c < given.Length; c++)
        {
            products[c] = given[c] * weights[c];
        }

        return products;
    }

    // Σ w t (top - z), with 0 · infinity = 0; without a target Σ w (top - z).
    private double Gap(ReadOnlySpan<T> scores, T top, ReadOnlySpan<T> given, in RowGroup<T> group)
    {
        Span<T> products = group.Products[..scores.Length];
        ReadOnlySpan<T> weights = _target.Weights;
        for (int c = 0; c < scores.Length; c++)
        {
            T factor = (given.IsEmpty ? T.One : given[c]) * (weights.IsEmpty ? T.One : weights[c]);
            products[c] = factor == T.Zero ? T.Zero : factor * (top - scores[c]);
        }

        return Sums.OfBlock<T>(products);
    }

    /// <summary>The loss of every row of the group, four rows to a vector.</summary>
    private void Answer(in RowGroup<T> group)
    {
        double smoothing = _target.Smoothing;
        double share = smoothing / Math.Max(1, _layout.Classes);
        double kept = 1 - smoothing;
        bool byLabel = _target.Labels is not null;
        for (int r = 0; r < group.Rows; r += DoubleLane.Count)
        {
            DoubleLane rest = Load<DoubleLane>(group.Rest, r);
            DoubleLane own = Load<DoubleLane>(group.Own, r);
            DoubleLane total = rest + own;
            DoubleLane log = TLoss.TakesLogProbabilities
                ? 0
                : DoubleLane.Select(DoubleLane.Same(own, 1), DoubleLane.Log1p(rest), DoubleLane.Log(total));
            DoubleLane given = Load<DoubleLane>(group.Mass, r);
            DoubleLane gap = Load<DoubleLane>(group.Cross, r);
            // By label the gap is top - z_y, to be weighed here; by distribution it is Σ w t (top - z) already.
            DoubleLane cross = byLabel
                ? DoubleLane.ZeroTimes(given, gap + log)
                : gap + DoubleLane.ZeroTimes(given, log);
            DoubleLane mass = given;
            if (smoothing > 0)
            {
                cross = DoubleLane.ZeroTimes(kept, cross)
                    + (share * (Load<DoubleLane>(group.Spread, r) + DoubleLane.ZeroTimes(_target.WeightTotal, log)));
                mass = (kept * given) + (share * _target.WeightTotal);
            }

            RowAnswer<DoubleLane> answer = _loss.Row<DoubleLane>(new(cross, mass));
            Store(answer.Loss, group.Losses, r);
            Store(answer.OnProbability, group.OnProbability, r);
            Store(answer.OnCross, group.OnCross, r);
            Store(answer.OnMass, group.OnMass, r);
            Store(total, group.Total, r);
            Store(log, group.Log, r);
            if (TLoss.IsBent && _result.Hessians[0] is not null)
            {
                DoubleLane bend = _loss.Row<Dual<DoubleLane>>(new(new(cross, 1), new(mass, 0))).OnCross.Slope;
                // Far out a loss is flat, or straight.
                Store(DoubleLane.Select(DoubleLane.Same(cross, double.PositiveInfinity), 0, bend), group.Bend, r);
            }
        }
    }

    private static D Load<D>(Span<double> numbers, int r) where D : struct, IVectorLane<D, double> =>
        D.Load(ref MemoryMarshal.GetReference(numbers), r);

    private static void Store<D>(D lane, Span<double> numbers, int r) where D : struct, IVectorLane<D, double> =>
        D.Store(lane, ref MemoryMarshal.GetReference(numbers), r);

    private void FinishItems(int block, int start, ReadOnlySpan<double> losses)
    {
        if (_result.Losses is { } items)
        {
            Rows.Narrow(losses, items.Values<T>().Slice(start, losses.Length));
        }

        Partials[block] = Sums.OfBlock(losses);
    }
}

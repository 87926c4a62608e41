using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using LossService.Engine.Lanes;
using LossService.Engine.Numerics;

namespace LossService.Engine.Families;

/// <summary>Runs a loss between distributions row by row: both sides as p and log p, the terms, and for each side asked
/// for the slopes of the terms on its log-probabilities, taken through the softmax where the side is logits.</summary>
/// <remarks>With h_j the slope of the sum of terms on log p_j, a logit's gradient is (h_j - p_j Σ h) / T, and its
/// second derivative (h'_j (1 - p_j)² + p_j² Σ' h' - p_j (1 - p_j) Σ h) / T², Σ' over the other classes.</remarks>
internal sealed partial class DistributionDriver<TLoss, T, V> : Driver, IDisposable
    where TLoss : struct, IDistributionLoss<TLoss>
    where T : unmanaged, IFloatingPointIeee754<T>
    where V : struct, IVectorLane<V, T>
{
    private readonly TLoss _loss;
    private readonly LossResult _result;
    private readonly ItemPlan<T> _plan;
    private readonly RowLayout _layout;
    private readonly DistributionSide<T, V> _p;
    private readonly DistributionSide<T, V>? _q;
    private readonly Tensor? _labels;
    private readonly Tensor _partials;
    private readonly double _termScale;
    private int _undefined;
    private int _unnormalized;

    public DistributionDriver(
        TLoss loss, LossRequest request, LossResult result, ItemPlan<T> plan, Workshop workshop)
    {
        _loss = loss;
        _result = result;
        _plan = plan;
        _layout = new(request.Solution!);
        _p = DistributionSide<T, V>.Find(request, "p", loss.Temperature)!;
        _q = DistributionSide<T, V>.Find(request, "q", loss.Temperature);
        _termScale = loss.TakesMeanOfTerms ? loss.Scale / Math.Max(1, _layout.Classes) : loss.Scale;
        int targets = request.Card.PlaceOfInput("targets");
        _labels = targets < 0 || loss.HardWeight == 0 ? null : request.LabelTensor(targets);
        Outputs.Rent(request, result, workshop.Pool, withItems: true);
        // Three sums a block: the loss, the cross-entropy and the entropy.
        _partials = Tensor.Rent(workshop.Pool, new Shape(3, Blocks), Element.Float64);
    }

    public override int Blocks => _layout.Blocks;

    public override void Run(int block, Scratch scratch)
    {
        int start = block * _layout.RowsPerBlock;
        int rows = Math.Min(_layout.RowsPerBlock, _layout.Rows - start);
        Span<double> losses = scratch.Take<double>(0, 3 * rows);
        var row = new DistributionRow<T>(scratch, _layout.Classes);
        for (int r = 0; r < rows; r++)
        {
            (losses[r], losses[rows + r], losses[(2 * rows) + r]) = Run(start + r, row);
        }

        for (int sum = 0; sum < 3; sum++)
        {
            _partials.Float64[(sum * Blocks) + block] = Sums.OfBlock<double>(losses.Slice(sum * rows, rows));
        }
    }

    /// <summary>Reduces, and says what the caller should know.</summary>
    public void Finish()
    {
        _plan.Finish(_result, _partials.Float64[..Blocks]);
        RowNotes.Add(_result, _undefined, _unnormalized);
        if (_loss.TellsIdentity)
        {
            double cross = _plan.Reduce(_partials.Float64.Slice(Blocks, Blocks));
            double entropy = _plan.Reduce(_partials.Float64.Slice(2 * Blocks, Blocks));
            _result.Notes.Add(new("identity", "The divergence is the cross-entropy less the entropy of p.")
            {
                Values = [("cross_entropy", cross), ("entropy", entropy)],
            });
        }
    }

    public void Dispose() => _partials.Dispose();

    // One row: its weighted loss, and for the identity its weighted cross-entropy and entropy.
    private (double Loss, double Cross, double Entropy) Run(int row, in DistributionRow<T> at)
    {
        if (IsLeftOut(row))
        {
            Blank(row, at);
            return default;
        }

        if (IsBetweenLogits && !WantsMoreThanQ && TryRunBetweenLogits(row, at, out double between))
        {
            return (between, 0, 0);
        }

        Note(_p.Form, _p.Read(_layout, row, at.Room, at.P, at.LogP));
        if (_q is not null)
        {
            Note(_q.Form, _q.Read(_layout, row, at.Room, at.Q, at.LogQ));
        }

        FillFactors(row, at);
        Terms(row, at);
        double loss = FinishTerms(row, at);
        if (_labels is not null)
        {
            loss += MeasureHard(row, at);
            StoreItem(row, loss);
        }

        Differentiate(row, at);
        if (IsBetweenLogits && WantsMoreThanQ && TryRunBetweenLogits(row, at, out between))
        {
            loss = between;
        }

        return _loss.TellsIdentity
            ? (loss, -_termScale * Weighed(at, at.LogQ), -_termScale * Weighed(at, at.LogP))
            : (loss, 0, 0);
    }

    private void Note(DistributionForm form, double sum)
    {
        double tolerance = (typeof(T) == typeof(float) ? 1e-6 : 1e-12) * _layout.Classes;
        if (form == DistributionForm.Logits && double.IsNaN(sum))
        {
            Interlocked.Increment(ref _undefined);
        }
        else if (form == DistributionForm.Probabilities && !(Math.Abs(sum - 1) <= tolerance))
        {
            Interlocked.Increment(ref _unnormalized);
        }
    }

    // Weights and coefficients a class: the row's own, repeated, unless every term is an item.
    private void FillFactors(int row, in DistributionRow<T> at)
    {
        if (!_loss.ItemsAreTerms)
        {
            Span<T> one = at.One;
            _plan.Fill(row, one[..1], one.Slice(1, 1), one.Slice(2, 1));
            at.Weights.Fill(one[0]);
            at.Coefficients.Fill(one[1]);
            at.Curvatures.Fill(one[2]);
            return;
        }

        for (int c = 0; c < _layout.Classes; c++)
        {
            _plan.Fill(
                ItemOf(row, c), at.Weights.Slice(c, 1), at.Coefficients.Slice(c, 1), at.Curvatures.Slice(c, 1));
            if (_plan.IsLeftOut(ItemOf(row, c)))
            {
                at.Weights[c] = T.Zero;
                at.Coefficients[c] = T.Zero;
                at.Curvatures[c] = T.Zero;
            }
        }
    }

    // A row is left out when its item is, or all its terms are.
    private bool IsLeftOut(int row)
    {
        if (!_loss.ItemsAreTerms)
        {
            return _plan.IsLeftOut(row);
        }

        for (int c = 0; c < _layout.Classes; c++)
        {
            if (!_plan.IsLeftOut(ItemOf(row, c)))
            {
                return false;
            }
        }

        return true;
    }

    private int ItemOf(int row, int c) =>
        (row / _layout.Inner * _layout.Inner * _layout.Classes) + (c * _layout.Inner) + (row % _layout.Inner);

    private void Terms(int row, in DistributionRow<T> at)
    {
        if (SumsExcesses)
        {
            Excesses(Gaps(row, mass: 1, at), at);
            return;
        }

        if (TLoss.TakesGap)
        {
            Gaps(row, mass: 1, at);
        }

        ref T term = ref MemoryMarshal.GetReference(at.Terms);
        TLoss loss = _loss;
        V scale = V.Of(_termScale); // 0 where a hard loss counts alone, even beside an infinite divergence
        for (int c = 0; c < _layout.Classes; c += V.Count)
        {
            V value = loss.Term(
                Load(at.P, c), Load(at.LogP, c), Load(at.Q, c), Load(at.LogQ, c), Load(at.Gaps, c));
            V.Store(V.ZeroTimes(scale, value), ref term, c);
        }
    }

    // Sums the terms to the row's item, or makes each an item; either way weighted, and a double for the total.
    private double FinishTerms(int row, in DistributionRow<T> at)
    {
        Span<T> terms = at.Terms[.._layout.Classes];
        if (!_loss.ItemsAreTerms)
        {
            double item = Sums.OfBlock<T>(terms) * double.CreateTruncating(at.Weights[0]);
            StoreItem(row, item);
            return item;
        }

        for (int c = 0; c < terms.Length; c++)
        {
            terms[c] = _plan.IsLeftOut(ItemOf(row, c)) ? T.Zero : terms[c] * at.Weights[c];
            StoreItem(ItemOf(row, c), double.CreateTruncating(terms[c]));
        }

        return Sums.OfBlock<T>(terms);
    }

    private void StoreItem(int item, double loss)
    {
        if (_result.Losses is not null)
        {
            _result.Losses.Values<T>()[item] = T.CreateTruncating(loss);
        }
    }

    // Σ w p log x, with 0 log 0 = 0.
    private double Weighed(in DistributionRow<T> at, ReadOnlySpan<T> logs)
    {
        Span<T> products = at.Terms[.._layout.Classes];
        for (int c = 0; c < products.Length; c++)
        {
            products[c] = at.P[c] == T.Zero ? T.Zero : at.Weights[c] * at.P[c] * logs[c];
        }

        return Sums.OfBlock<T>(products);
    }

    private void Blank(int row, in DistributionRow<T> at)
    {
        for (int c = 0; c < (_loss.ItemsAreTerms ? _layout.Classes : 1); c++)
        {
            StoreItem(_loss.ItemsAreTerms ? ItemOf(row, c) : row, 0);
        }

        Span<T> zeros = at.Terms[.._layout.Classes];
        zeros.Clear();
        for (int place = 0; place < _result.Gradients.Length; place++)
        {
            Clear(_result.Gradients[place], row, zeros);
            Clear(_result.Hessians[place], row, zeros);
        }
    }

    private void Clear(Tensor? tensor, int row, Span<T> zeros)
    {
        if (tensor is not null)
        {
            _layout.Room(tensor, row, zeros).Clear();
            _layout.Write<T>(tensor, row, zeros);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static V Load(ReadOnlySpan<T> numbers, int c) => V.Load(ref MemoryMarshal.GetReference(numbers), c);
}

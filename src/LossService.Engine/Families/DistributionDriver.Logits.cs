using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using LossService.Engine.Lanes;
using LossService.Engine.Numerics;

namespace LossService.Engine.Families;

/// <summary>The usual way of distillation: logits on both sides. Both softmaxes in one visit of a row, then terms and
/// the gradient of q's in another.</summary>
/// <remarks>Σ p (log p - log q) is a sum of first-order terms that cancel to second order: near the teacher it would
/// be the rounding of both logarithms, and as often as not negative. Where both sides sum to 1 it is Σ p (e^g - 1 - g)
/// too, with g = log q - log p, of which no term is negative. Log-probabilities need not sum to 1, so that they keep
/// the formula as written.</remarks>
internal sealed partial class DistributionDriver<TLoss, T, V>
{
    // Below it q - p would lose more than four bits, and q - p - p g more than nine.
    private const double GapOfNear = 0.0625;

    private bool IsBetweenLogits => _p.Form == DistributionForm.Logits && _q?.Form == DistributionForm.Logits
        && _loss.IsCrossEntropyInQ && !_loss.ItemsAreTerms && !_loss.TellsIdentity && _labels is null;

    private bool SumsExcesses => TLoss.IsDivergence && !_loss.ItemsAreTerms
        && _p.Form == DistributionForm.Logits && _q?.Form == DistributionForm.Logits;

    // What the general way has to add; the loss and the gradient of q are the same with it and without.
    private bool WantsMoreThanQ => _result.Gradients[_p.Place] is not null || _result.Hessians[_q!.Place] is not null;

    // False when a side has no finite softmax: such a row takes the way of all other forms.
    private bool TryRunBetweenLogits(int row, in DistributionRow<T> at, out double loss)
    {
        ReadOnlySpan<T> onP = _p.Scores(_layout, row, at.Room);
        ReadOnlySpan<T> onQ = _q!.Scores(_layout, row, at.Slopes);
        T scale = T.CreateTruncating(1 / _loss.Temperature);
        RowMass<T> p = Rows.ExpSum<T, V>(onP, scale, at.P);
        RowMass<T> q = Rows.ExpSum<T, V>(onQ, scale, at.Q);
        if (!double.IsFinite(p.Total + q.Total) || !T.IsFinite(p.Top) || !T.IsFinite(q.Top))
        {
            loss = double.NaN;
            return false;
        }

        Span<T> one = at.One;
        _plan.Fill(row, one[..1], one.Slice(1, 1), one.Slice(2, 1));
        double logP = ScalarLane.Log1p(p.Others).Value;
        double logQ = ScalarLane.Log1p(q.Others).Value;
        var visit = new Visit(_loss, _termScale, scale, one[1])
        {
            TopP = V.All(p.Top),
            TopQ = V.All(q.Top),
            MinusLogP = V.All(T.CreateTruncating(-logP)),
            MinusLogQ = V.All(T.CreateTruncating(-logQ)),
            Gap = new GapOfScores(p.Top, q.Top, scale, T.CreateTruncating(logP - logQ))
                .SharpenedNear(onP, onQ, at.P, p.Total, at.Terms),
            ShareP = V.All(T.CreateTruncating(1 / p.Total)),
            ShareQ = V.All(T.CreateTruncating(1 / q.Total)),
        };
        Differ(row, onP, onQ, visit, at);
        loss = Sums.OfBlock<T>(at.Terms[..onP.Length]) * double.CreateTruncating(one[0]);
        StoreItem(row, loss);
        return true;
    }

    // The terms of the general way.
    private void Excesses(Span<T> gaps, in DistributionRow<T> at)
    {
        V scale = V.Of(_termScale);
        ref T term = ref MemoryMarshal.GetReference(at.Terms);
        for (int c = 0; c < _layout.Classes; c += V.Count)
        {
            V p = Load(at.P, c);
            V gap = Load(gaps, c);
            V value = Excess(p, Load(at.Q, c) - p, gap, Rows.ExcessOfNear<T, V>(gap));
            V.Store(V.ZeroTimes(scale, value), ref term, c);
        }
    }

    // p (e^g - 1 - g), or what it is away from 0: q - p - p g.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static V Excess(V p, V apart, V gap, V near) =>
        V.Select(V.Abs(gap) < V.Of(GapOfNear), p * near, apart - V.ZeroTimes(p, gap));

    private void Differ(
        int row, ReadOnlySpan<T> onP, ReadOnlySpan<T> onQ, in Visit visit, in DistributionRow<T> at)
    {
        if (_result.Gradients[_q!.Place] is not { } gradient)
        {
            visit.Run(onP, onQ, at.P, at.Q, at.Terms, at.Output);
            return;
        }

        bool streams = _layout.Inner == 1 && Streams.Suit(gradient.Bytes.Length);
        Span<T> room = _layout.Room(gradient, row, at.Output);
        Span<T> slopes = streams ? at.Output[..room.Length] : room;
        visit.Run(onP, onQ, at.P, at.Q, at.Terms, slopes);
        if (streams)
        {
            Streams.Write<T>(slopes, room);
        }

        _layout.Write<T>(gradient, row, slopes);
    }

    /// <summary>What one row's last visit does to every class.</summary>
    private readonly ref struct Visit(TLoss loss, double termScale, T scale, T coefficient)
    {
        private readonly TLoss _loss = loss;
        private readonly V _scale = V.All(scale);
        private readonly V _termScale = V.Of(termScale); // 0 beside a hard loss, and wins over an infinite term
        private readonly V _factor = V.All(coefficient) * V.Of(termScale / loss.Temperature);

        public V TopP { get; init; }

        public V TopQ { get; init; }

        public V MinusLogP { get; init; }

        public V MinusLogQ { get; init; }

        public GapOfScores Gap { get; init; }

        public V ShareP { get; init; }

        public V ShareQ { get; init; }

        /// <summary>From the scores and their exponentials the terms, with room for a vector past the end, and the
        /// slopes, as many as there are.</summary>
        public void Run(
            ReadOnlySpan<T> onP, ReadOnlySpan<T> onQ, Span<T> expsP, Span<T> expsQ, Span<T> terms, Span<T> slopes)
        {
            ref T scoreP = ref MemoryMarshal.GetReference(onP);
            ref T scoreQ = ref MemoryMarshal.GetReference(onQ);
            ref T expP = ref MemoryMarshal.GetReference(expsP);
            ref T expQ = ref MemoryMarshal.GetReference(expsQ);
            ref T term = ref MemoryMarshal.GetReference(terms);
            ref T slope = ref MemoryMarshal.GetReference(slopes);
            int c = 0;
            for (; c <= onP.Length - V.Count; c += V.Count)
            {
                V at = At(
                    V.Load(ref scoreP, c), V.Load(ref scoreQ, c), V.Load(ref expP, c), V.Load(ref expQ, c), out V some);
                V.Store(some, ref term, c);
                V.Store(at, ref slope, c);
            }

            if (c < onP.Length)
            {
                int left = onP.Length - c;
                Span<T> tail = stackalloc T[2 * V.Count];
                tail.Clear();
                onP[c..].CopyTo(tail);
                onQ[c..].CopyTo(tail[V.Count..]);
                ref T room = ref MemoryMarshal.GetReference(tail);
                (V scoresP, V scoresQ) = (V.Load(ref room, 0), V.Load(ref room, V.Count));
                V at = At(scoresP, scoresQ, V.Load(ref expP, c), V.Load(ref expQ, c), out V some);
                V.Store(some, ref term, c);
                V.Store(at, ref room, 0);
                tail[..left].CopyTo(slopes[c..]);
            }
        }

        // The slope q - p; where p and q are near as p (e^gap - 1), gap = log q - log p, which needs neither logarithm
        // of its own.
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private V At(V scoreP, V scoreQ, V expP, V expQ, out V term)
        {
            V p = expP * ShareP;
            V gap = Gap.Of(scoreP, scoreQ);
            V apart = V.MultiplyAdd(expQ, ShareQ, -p);
            V near = Rows.ExcessOfNear<T, V>(gap);
            V value = TLoss.IsDivergence
                ? Excess(p, apart, gap, near)
                : _loss.Term(
                    p,
                    V.MultiplyAdd(scoreP - TopP, _scale, MinusLogP),
                    expQ * ShareQ,
                    V.MultiplyAdd(scoreQ - TopQ, _scale, MinusLogQ),
                    gap);
            term = V.ZeroTimes(_termScale, value);
            return _factor * V.Select(V.Abs(gap) < V.Of(GapOfNear), p * (gap + near), apart);
        }
    }
}

using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using LossService.Engine.Lanes;

namespace LossService.Engine.Families;

/// <summary>log q - log p of every class, with the digits that both rounded logarithms do not have where the sides are
/// nearly alike.</summary>
internal sealed partial class DistributionDriver<TLoss, T, V>
{
    // Of two rows of logits the gap is (z_q - z_p) / T less one number for the whole row: the logarithms of both sides,
    // each rounded, are not needed.
    private Span<T> Gaps(int row, double mass, in DistributionRow<T> at)
    {
        int classes = _layout.Classes;
        Span<T> gaps = at.Gaps;
        if (_p.Form == DistributionForm.Logits && _q!.Form == DistributionForm.Logits)
        {
            Span<T> onP = _p.Scores(_layout, row, at.Room);
            int top = LikeliestOnBoth(at);
            T anchorP = onP[top];
            onP.CopyTo(at.Terms);
            Span<T> onQ = _q.Scores(_layout, row, at.Room);
            T anchorQ = onQ[top];
            T offset = at.LogQ[top] - at.LogP[top];
            T scale = T.CreateTruncating(1 / _loss.Temperature);
            if (T.IsFinite(anchorP) && T.IsFinite(anchorQ) && T.IsFinite(offset))
            {
                GapOfScores gap = new GapOfScores(anchorP, anchorQ, scale, offset)
                    .SharpenedNear(at.Terms[..classes], onQ, at.P, total: 1, at.Slopes);
                onQ.CopyTo(gaps);
                ref T q = ref MemoryMarshal.GetReference(gaps);
                ref T teacher = ref MemoryMarshal.GetReference(at.Terms);
                for (int c = 0; c < classes; c += V.Count)
                {
                    V.Store(gap.Of(V.Load(ref teacher, c), V.Load(ref q, c)), ref q, c);
                }

                return gaps;
            }
        }

        V logMass = V.Of(ScalarLane.Log(mass).Value);
        ref T rounded = ref MemoryMarshal.GetReference(gaps);
        for (int c = 0; c < classes; c += V.Count)
        {
            V.Store(Load(at.LogQ, c) - Load(at.LogP, c) + logMass, ref rounded, c);
        }

        if (_p.Form == DistributionForm.Probabilities && _q!.Form == DistributionForm.Probabilities)
        {
            TakeNearFromDifferences(at);
        }

        return gaps;
    }

    // Numbers within a factor of two differ exactly.
    private void TakeNearFromDifferences(in DistributionRow<T> at)
    {
        ref T gap = ref MemoryMarshal.GetReference(at.Gaps);
        for (int c = 0; c < _layout.Classes; c += V.Count)
        {
            V p = Load(at.P, c);
            V apart = Load(at.Q, c) - p;
            V near = V.Abs(apart) < V.Of(0.5) * p;
            V.Store(V.Select(near, V.Log1p(apart / p), V.Load(ref gap, c)), ref gap, c);
        }
    }

    // A score that is huge on either side would cost all gaps their digits.
    private int LikeliestOnBoth(in DistributionRow<T> at)
    {
        Span<T> both = at.Slopes[.._layout.Classes];
        ref T sum = ref MemoryMarshal.GetReference(both);
        for (int c = 0; c < both.Length; c += V.Count)
        {
            V.Store(Load(at.LogP, c) + Load(at.LogQ, c), ref sum, c);
        }

        return Math.Max(0, Rows.IndexOf<T, V>(both, Rows.Max<T, V>(both)));
    }

    /// <summary>log q - log p from scores, by one score of each side whose gap is known: the offset.</summary>
    private readonly struct GapOfScores
    {
        private readonly V _shiftP;
        private readonly V _shiftQ;
        private readonly V _rest;
        private readonly V _scale;

        // Scores of a similar size differ exactly, distances from an anchor are rounded first; where the sides have
        // scores of their own size it is the other way round.
        public GapOfScores(T anchorP, T anchorQ, T scale, T offset)
        {
            T rest = anchorQ - anchorP;
            bool isAlike = T.Abs(rest) <= T.One;
            _shiftP = V.All(isAlike ? T.Zero : anchorP);
            _shiftQ = V.All(isAlike ? T.Zero : anchorQ);
            _rest = V.All(isAlike ? rest : T.Zero);
            _scale = V.All(scale);
            Offset = V.All(offset);
        }

        private V Offset { get; init; }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public V Of(V scoreP, V scoreQ) => V.MultiplyAdd(Apart(scoreP, scoreQ), _scale, Offset);

        /// <summary>The same with a better offset where the scores of both sides are nearly alike.</summary>
        /// <remarks>A difference of two logarithms has the rounding of both, which is much beside such gaps. It is also
        /// minus the logarithm of the mean of e^d under p, d being gaps before the offset. The first d that is not
        /// small ends the pass: sides that differ pay little for it.</remarks>
        /// <param name="onP">The scores of p.</param>
        /// <param name="onQ">The scores of q.</param>
        /// <param name="shares">What p's probabilities are in proportion to.</param>
        /// <param name="total">The sum of these.</param>
        /// <param name="room">For a number a class, with room for a vector past the end.</param>
        public GapOfScores SharpenedNear(
            ReadOnlySpan<T> onP, ReadOnlySpan<T> onQ, Span<T> shares, double total, Span<T> room)
        {
            scoped ref T scoreP = ref MemoryMarshal.GetReference(onP);
            scoped ref T scoreQ = ref MemoryMarshal.GetReference(onQ);
            Span<T> tail = stackalloc T[2 * V.Count];
            for (int c = 0; c < onP.Length; c += V.Count)
            {
                int from = c;
                if (onP.Length - c < V.Count)
                {
                    // What lies beyond the end is no further apart than the last class.
                    tail[..V.Count].Fill(onP[^1]);
                    tail[V.Count..].Fill(onQ[^1]);
                    onP[c..].CopyTo(tail);
                    onQ[c..].CopyTo(tail[V.Count..]);
                    scoreP = ref MemoryMarshal.GetReference(tail);
                    scoreQ = ref tail[V.Count];
                    from = 0;
                }

                V gap = Apart(V.Load(ref scoreP, from), V.Load(ref scoreQ, from)) * _scale;
                if (V.Any(V.Abs(gap) > V.Of(GapOfNear)))
                {
                    return this;
                }

                V excess = gap + Rows.ExcessOfNear<T, V>(gap);
                V.Store(V.ZeroTimes(Load(shares, c), excess), ref MemoryMarshal.GetReference(room), c);
            }

            double mean = Sums.OfBlock<T>(room[..onP.Length]) / total;
            return double.IsNaN(mean)
                ? this
                : this with { Offset = V.All(T.CreateTruncating(-ScalarLane.Log1p(mean).Value)) };
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private V Apart(V scoreP, V scoreQ) => (scoreQ - _shiftQ) - (scoreP - _shiftP) - _rest;
    }
}

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
                onQ.CopyTo(gaps);
                ref T q = ref MemoryMarshal.GetReference(gaps);
                ref T teacher = ref MemoryMarshal.GetReference(at.Terms);
                var gap = new GapOfScores(anchorP, anchorQ, scale, offset);
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
        private readonly V _offset;

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
            _offset = V.All(offset);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public V Of(V scoreP, V scoreQ) =>
            V.MultiplyAdd((scoreQ - _shiftQ) - (scoreP - _shiftP) - _rest, _scale, _offset);
    }
}

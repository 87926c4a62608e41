using System.Runtime.InteropServices;
using LossService.Engine.Cards;
using LossService.Engine.Lanes;

namespace LossService.Engine.Families;

/// <summary>Ranks that can be differentiated: 1 + Σ σ((s_j - s_i) / T) over the others; O(L²).</summary>
/// <param name="temperature">How soft: towards 0 these are the ranks themselves.</param>
internal readonly struct ListRanks(double temperature)
{
    /// <summary>The parameter that says how soft the ranks are.</summary>
    public static Parameter Temperature { get; } = Parameter.Number(
        "temperature", 0.1, "How soft the ranks are; towards 0 they become the ranks themselves.", min: 0, minOpen: true);

    /// <summary>The rank of every element.</summary>
    public void Fill(in RankedList list, Span<double> ranks)
    {
        ref double scores = ref MemoryMarshal.GetReference(list.Scores);
        var pace = new Pace(list.Workshop);
        for (int i = 0; i < list.Length; i++)
        {
            pace.Count(list.Length);
            DoubleLane score = list.Scores[i];
            DoubleLane sum = 0;
            for (int j = 0; j < list.Length; j += DoubleLane.Count)
            {
                // Scores beyond the end are -Infinity, whose sigmoid is 0.
                sum += DoubleLane.Logistic((DoubleLane.Load(ref scores, j) - score) / temperature).Sigmoid;
            }

            ranks[i] = 0.5 + Fold(sum); // its own sigmoid is the other half
        }
    }

    /// <summary>Turns the loss's slopes on ranks into slopes on scores: σ' is even, so a pair's two ranks pull on it
    /// with opposite signs.</summary>
    /// <param name="list">The list, whose slopes are added to.</param>
    /// <param name="onRanks">The slopes on ranks, with zeros beyond the end.</param>
    public void Differentiate(in RankedList list, ReadOnlySpan<double> onRanks)
    {
        ref double scores = ref MemoryMarshal.GetReference(list.Scores);
        ref double slopes = ref MemoryMarshal.GetReference(onRanks);
        var pace = new Pace(list.Workshop);
        for (int j = 0; j < list.Length; j++)
        {
            pace.Count(list.Length);
            DoubleLane score = list.Scores[j];
            DoubleLane own = onRanks[j];
            DoubleLane sum = 0;
            for (int i = 0; i < list.Length; i += DoubleLane.Count)
            {
                Logistic<DoubleLane> at = DoubleLane.Logistic((score - DoubleLane.Load(ref scores, i)) / temperature);
                sum += (DoubleLane.Load(ref slopes, i) - own) * (at.Sigmoid * at.SigmoidOfMinus);
            }

            list.Slopes[j] += Fold(sum) / temperature;
        }
    }

    private static double Fold(DoubleLane lane)
    {
        Span<double> parts = stackalloc double[DoubleLane.Count];
        DoubleLane.Store(lane, ref MemoryMarshal.GetReference(parts), 0);
        return (parts[0] + parts[2]) + (parts[1] + parts[3]);
    }
}

using LossService.Engine.Lanes;

namespace LossService.Engine.Families;

/// <summary>The cross-entropy of a list's weights with the softmax of its scores: Σ t (log Σ e^s - s).</summary>
internal static class ListSoftmax
{
    private const int PowersRoom = 1;

    /// <summary>The loss, with its derivatives by the scores.</summary>
    /// <remarks>The highest score's own exponential stays out of the sum, so that neither log p nor p - 1 loses digits
    /// where p is nearly 1.</remarks>
    public static double CrossEntropy(in RankedList list, ReadOnlySpan<double> targets)
    {
        Span<double> scores = list.Scores[..list.Length];
        Span<double> powers = list.Room<double>(PowersRoom)[..list.Length];
        int top = Powers(scores, powers);
        double most = scores[top];
        double rest = Sums.OfBlock<double>(powers);
        double all = 1 + rest;
        double log = ScalarLane.Log1p(rest).Value;
        double others = 0;
        double loss = targets[top] == 0 ? 0 : targets[top] * log;
        for (int i = 0; i < scores.Length; i++)
        {
            if (i != top && targets[i] != 0)
            {
                others += targets[i];
                loss += targets[i] * (log + (most - scores[i]));
            }
        }

        double total = others + targets[top];
        for (int i = 0; i < scores.Length; i++)
        {
            double p = (i == top ? 1 : powers[i]) / all;
            double left = (i == top ? rest : all - powers[i]) / all;
            list.Slopes[i] += i == top ? others - (total * left) : (total * p) - targets[i];
            list.Curvatures[i] += total * p * left;
        }

        return loss;
    }

    /// <summary>The softmax of a row.</summary>
    public static void Softmax(ReadOnlySpan<double> row, Span<double> probabilities)
    {
        int top = Powers(row, probabilities);
        probabilities[top] = 1;
        double sum = Sums.OfBlock<double>(probabilities[..row.Length]);
        Rows.Divide<double, DoubleLane>(probabilities[..row.Length], sum, probabilities);
    }

    // e^(s - max), with 0 where the maximum stands; where it stands is the answer.
    private static int Powers(ReadOnlySpan<double> row, Span<double> powers)
    {
        double most = Rows.Max<double, DoubleLane>(row);
        Rows.Exp<double, DoubleLane>(row, most, 1, powers);
        int top = Math.Max(0, Rows.IndexOf<double, DoubleLane>(row, most));
        powers[top] = double.IsNaN(row[top]) ? double.NaN : 0;
        return top;
    }
}

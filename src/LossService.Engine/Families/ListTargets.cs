using LossService.Engine.Lanes;

namespace LossService.Engine.Families;

/// <summary>Relevances as the weights of a cross-entropy.</summary>
internal static class ListTargets
{
    /// <summary>Divides the relevances of a list by their sum, if asked to.</summary>
    /// <returns>False when nothing is relevant.</returns>
    public static bool Settle(Span<double> targets, bool normalize)
    {
        double sum = Sums.OfBlock<double>(targets);
        if (sum > 0 && normalize)
        {
            Rows.Divide<double, DoubleLane>(targets, sum, targets);
        }

        return sum > 0;
    }
}

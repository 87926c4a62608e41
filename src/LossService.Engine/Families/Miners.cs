using LossService.Engine.Lanes;

namespace LossService.Engine.Families;

/// <summary>What the miners do among the positives and negatives of one anchor.</summary>
internal static class Miners
{
    /// <summary>Leaves the pairs that a miner of pairs chooses; a miner of triplets leaves all.</summary>
    public static void Choose(in Mining mining, ref AnchorSide positives, ref AnchorSide negatives)
    {
        switch (mining.Miner)
        {
            case Miner.BatchEasyHard:
                ChooseOne(mining, ref positives, ref negatives);
                break;
            case Miner.MultiSimilarity:
                double farthest = positives.Most(1);
                double nearest = -negatives.Most(-1);
                positives.KeepBetween(nearest - mining.Epsilon, double.PositiveInfinity);
                negatives.KeepBetween(double.NegativeInfinity, farthest + mining.Epsilon);
                break;
            case Miner.PairMargin:
                positives.KeepBetween(mining.Near, double.PositiveInfinity);
                negatives.KeepBetween(double.NegativeInfinity, mining.Far);
                break;
            case Miner.Hdc:
                positives.KeepWithin(new(mining.Near, double.PositiveInfinity));
                negatives.KeepWithin(new(double.NegativeInfinity, mining.Far));
                break;
            default:
                break;
        }
    }

    /// <summary>Counts for each pair the triplets that it stands in when every positive meets every negative, those
    /// that the gaps hold.</summary>
    public static void Count(Gaps gaps, in AnchorSide positives, in AnchorSide negatives, Span<double> room)
    {
        positives.Times.Fill(negatives.Count);
        negatives.Times.Fill(positives.Count);
        if (gaps == Gaps.Any || double.IsNaN(positives.Most(1)) || double.IsNaN(negatives.Most(1)))
        {
            return;
        }

        Span<double> sorted = room[..negatives.Count];
        negatives.Distances.CopyTo(sorted);
        sorted.Sort();
        for (int p = 0; p < positives.Count; p++)
        {
            double near = positives.Distances[p];
            positives.Times[p] = Beyond(sorted, near, gaps.Most) - Beyond(sorted, near, gaps.Least);
        }

        // From a negative's side a gap has the other sign: at least this much nearer, and less than that.
        sorted = room[..positives.Count];
        positives.Distances.CopyTo(sorted);
        sorted.Sort();
        for (int n = 0; n < negatives.Count; n++)
        {
            double far = negatives.Distances[n];
            negatives.Times[n] = Within(sorted, far, gaps.Least) - Within(sorted, far, gaps.Most);
        }
    }

    /// <summary>The index of the first of some sorted distances that is farther than another by more than a
    /// gap.</summary>
    public static int Beyond(ReadOnlySpan<double> sorted, double near, double gap)
    {
        if (double.IsPositiveInfinity(near) && double.IsNegativeInfinity(gap))
        {
            return 0; // any gap is wide enough, be it that to an infinite distance
        }

        int low = 0;
        int high = sorted.Length;
        while (low < high)
        {
            int middle = (low + high) / 2;
            (low, high) = sorted[middle] - near > gap ? (low, middle) : (middle + 1, high);
        }

        return low;
    }

    /// <summary>Takes down listed triplets, whose positives and negatives stand side by side, as far as the gaps hold
    /// them.</summary>
    public static int List(Gaps gaps, in AnchorSide positives, in AnchorSide negatives, Span<int> triplets)
    {
        int count = 0;
        for (int i = 0; i < positives.Count; i++)
        {
            bool counts = gaps.Hold(negatives.Distances[i] - positives.Distances[i]);
            positives.Times[i] = counts ? 1 : 0;
            negatives.Times[i] = counts ? 1 : 0;
            Tell(triplets, ref count, i, i, counts);
        }

        return count;
    }

    /// <summary>Takes down the triplets with a wide angle at the negative, and counts those of each pair.</summary>
    /// <remarks>With c the middle of anchor and positive on the unit sphere, |n - c|² is 3/2 + s_ap / 2 - s_na - s_np,
    /// and the tangent of the angle is half of |a - p| over |n - c|.</remarks>
    public static int ListAngles<T>(
        in Mining mining, Directions<T> directions, int anchor, in AnchorSide positives, in AnchorSide negatives,
        Span<int> triplets, Workshop workshop)
        where T : unmanaged, System.Numerics.IFloatingPointIeee754<T>
    {
        positives.Times.Clear();
        negatives.Times.Clear();
        int count = 0;
        var pace = new Pace(workshop);
        ReadOnlySpan<double> own = directions[anchor];
        for (int p = 0; p < positives.Count; p++)
        {
            ReadOnlySpan<double> other = directions[positives.Places[p]];
            double cosine = own[positives.Places[p]];
            double half = Math.Sqrt(Math.Max(0, 2 - (2 * cosine))) / 2;
            pace.Count(negatives.Count);
            for (int n = 0; n < negatives.Count; n++)
            {
                int place = negatives.Places[n];
                double square = 1.5 + (cosine / 2) - own[place] - other[place];
                bool counts = !(half <= mining.Tangent * Math.Sqrt(Math.Max(0, square)));
                positives.Times[p] += counts ? 1 : 0;
                negatives.Times[n] += counts ? 1 : 0;
                Tell(triplets, ref count, p, n, counts);
            }
        }

        return count;
    }

    /// <summary>Draws a negative for each positive, takes the triplets down and counts those of each pair.</summary>
    public static int ListDrawn<T>(
        in Mining mining, Directions<T> directions, int anchor, in AnchorSide positives, in AnchorSide negatives,
        Span<double> room, Span<int> triplets)
        where T : unmanaged, System.Numerics.IFloatingPointIeee754<T>
    {
        positives.Times.Clear();
        negatives.Times.Clear();
        Span<double> sums = room[..negatives.Count];
        double total = Weigh(mining, directions.Length, directions[anchor], negatives, sums);
        int count = 0;
        int rank = directions.RankOf(anchor);
        for (int p = 0; p < positives.Count && !(total <= 0); p++)
        {
            double drawn = total * Draw.Uniform(mining.Seed, rank, directions.RankOf(positives.Places[p]));
            int n = 0;
            while (n < sums.Length - 1 && sums[n] <= drawn)
            {
                n++;
            }

            positives.Times[p]++;
            negatives.Times[n]++;
            Tell(triplets, ref count, p, n, counts: true);
        }

        return count;
    }

    // Running sums of the inverse densities of the distances on a sphere, over the largest of them.
    private static double Weigh(
        in Mining mining, int length, ReadOnlySpan<double> cosines, in AnchorSide negatives, Span<double> sums)
    {
        double top = double.NegativeInfinity;
        for (int n = 0; n < sums.Length; n++)
        {
            double distance = Math.Sqrt(Math.Max(0, 2 - (2 * cosines[negatives.Places[n]])));
            distance = Math.Max(distance, mining.Cutoff);
            double height = ScalarLane.Log(1 - (distance * distance / 4)).Value;
            sums[n] = distance >= mining.Reach
                ? double.NegativeInfinity
                : ((2.0 - length) * ScalarLane.Log(distance).Value) - ((length - 3) / 2.0 * height);
            top = sums[n] <= top ? top : sums[n];
        }

        double total = 0;
        for (int n = 0; n < sums.Length; n++)
        {
            total += double.IsNegativeInfinity(sums[n]) ? 0 : ScalarLane.Exp(sums[n] - top).Value;
            sums[n] = total;
        }

        return total;
    }

    private static void ChooseOne(in Mining mining, ref AnchorSide positives, ref AnchorSide negatives)
    {
        positives.KeepWithin(mining.Positive == Strategy.All ? Interval.Any : mining.AllowedPositives);
        negatives.KeepWithin(mining.Negative == Strategy.All ? Interval.Any : mining.AllowedNegatives);
        int positive = mining.Positive is Strategy.Easy or Strategy.Hard
            ? positives.Farthest(mining.Positive == Strategy.Hard ? 1 : -1) : -1;
        int negative = mining.Negative is Strategy.Easy or Strategy.Hard
            ? negatives.Farthest(mining.Negative == Strategy.Hard ? -1 : 1) : -1;
        if (mining.Positive == Strategy.Semihard && negative >= 0)
        {
            positive = positives.Farthest(1, below: negatives.Distances[negative]);
        }

        if (mining.Negative == Strategy.Semihard && positive >= 0)
        {
            negative = negatives.Farthest(-1, above: positives.Distances[positive]);
        }

        bool takesAll = mining.Positive == Strategy.All || mining.Negative == Strategy.All;
        bool isWhole = takesAll || (positive >= 0 && negative >= 0);
        if (mining.Positive != Strategy.All)
        {
            positives.KeepOne(isWhole ? positive : -1);
        }

        if (mining.Negative != Strategy.All)
        {
            negatives.KeepOne(isWhole ? negative : -1);
        }
    }

    // How many sorted distances are nearer than another by no more than a gap, or not nearer: not by more than it.
    private static int Within(ReadOnlySpan<double> sorted, double far, double gap)
    {
        int low = 0;
        int high = sorted.Length;
        while (low < high)
        {
            int middle = (low + high) / 2;
            (low, high) = far - sorted[middle] > gap ? (middle + 1, high) : (low, middle);
        }

        return low;
    }

    private static void Tell(Span<int> triplets, ref int count, int positive, int negative, bool counts)
    {
        if (counts && !triplets.IsEmpty)
        {
            triplets[2 * count] = positive;
            triplets[(2 * count) + 1] = negative;
        }

        count += counts ? 1 : 0;
    }
}

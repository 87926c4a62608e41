using LossService.Engine.Lanes;

namespace LossService.Tests.Engine.Harness;

/// <summary>A loss of one row as its publication writes it, over any lane, so that dual numbers can derive it.</summary>
internal interface IPlainFormula
{
    V Loss<V>(PlainRow<V> row) where V : struct, ILane<V>;
}

/// <summary>The formulas of those losses whose families derive by hand. They share nothing with the engine but lanes.</summary>
internal static class PlainFormulas
{
    public static IReadOnlyDictionary<string, IPlainFormula> ByLoss { get; } = new Dictionary<string, IPlainFormula>
    {
        ["cross_entropy"] = new CrossEntropy(),
        ["nll_loss"] = new NllLoss(),
        ["multi_positive_softmax_cross_entropy"] = new MultiPositive(),
        ["entropy"] = new Entropy(),
        ["distribution_cross_entropy"] = new DistributionCrossEntropy(),
        ["kl_divergence"] = new KlDivergence(),
        ["kd_loss"] = new Distillation(),
        ["contrastive_loss"] = new Contrastive(),
        ["cosine_embedding_loss"] = new CosineEmbedding(),
        ["triplet_margin_loss"] = new TripletMargin(),
    };

    private sealed class CrossEntropy : IPlainFormula
    {
        public V Loss<V>(PlainRow<V> row) where V : struct, ILane<V>
        {
            V[] costs = Surprisals(row, "logits");
            V[] targets = Targets(row, costs.Length);
            double smoothing = row.Number("label_smoothing");
            V loss = 0;
            for (int c = 0; c < costs.Length; c++)
            {
                V smooth = ((1 - smoothing) * targets[c]) + (smoothing / costs.Length);
                loss += WeightOf(row, c) * (smooth * costs[c]);
            }

            return loss;
        }
    }

    private sealed class NllLoss : IPlainFormula
    {
        public V Loss<V>(PlainRow<V> row) where V : struct, ILane<V>
        {
            int label = row.Label("targets");
            return -(WeightOf(row, label) * row["log_probabilities"][label]);
        }
    }

    private sealed class MultiPositive : IPlainFormula
    {
        public V Loss<V>(PlainRow<V> row) where V : struct, ILane<V>
        {
            V[] costs = Surprisals(row, "logits");
            V[] targets = row["targets"];
            return row.Numbers("targets").Sum() == 0 ? 0 : Dot(targets, costs) / Sum(targets);
        }
    }

    private sealed class Entropy : IPlainFormula
    {
        public V Loss<V>(PlainRow<V> row) where V : struct, ILane<V>
        {
            (V[] p, V[] logP) = Distribution(row, "p");
            return Scale(row) * -Dot(p, logP);
        }
    }

    private sealed class DistributionCrossEntropy : IPlainFormula
    {
        public V Loss<V>(PlainRow<V> row) where V : struct, ILane<V>
        {
            (V[] p, _) = Distribution(row, "p");
            (_, V[] logQ) = Distribution(row, "q");
            return Scale(row) * -Dot(p, logQ);
        }
    }

    private sealed class KlDivergence : IPlainFormula
    {
        public V Loss<V>(PlainRow<V> row) where V : struct, ILane<V>
        {
            (V[] p, V[] logP) = Distribution(row, "p");
            (_, V[] logQ) = Distribution(row, "q");
            return Scale(row) * Divergence(p, logP, logQ);
        }
    }

    private sealed class Distillation : IPlainFormula
    {
        public V Loss<V>(PlainRow<V> row) where V : struct, ILane<V>
        {
            double temperature = row.Number("temperature");
            double alpha = row.Number("alpha");
            double scale = row.IsOn("scale_by_t2") ? temperature * temperature : 1;
            scale /= row.Word("class_reduction") == "mean" ? row["student_logits"].Length : 1;
            V[] logP = [.. Surprisals(row, "teacher_logits", temperature).Select(cost => -cost)];
            V[] logQ = [.. Surprisals(row, "student_logits", temperature).Select(cost => -cost)];
            V soft = Divergence([.. logP.Select(V.Exp)], logP, logQ);
            V hard = alpha > 0 ? Surprisals(row, "student_logits")[row.Label("targets")] : 0;
            return ((1 - alpha) * scale * soft) + (alpha * hard);
        }
    }

    private sealed class Contrastive : IPlainFormula
    {
        public V Loss<V>(PlainRow<V> row) where V : struct, ILane<V>
        {
            V distance = Distance(row, "input1", "input2");
            bool alike = row.Label("targets") == row.Number("positive_label");
            V excess = alike ? distance - row.Number("pos_margin") : row.Number("margin") - distance;
            V slack = V.Hinge(excess, Tie(row));
            return (row.IsOn("half") ? 0.5 : 1) * (row.Number("power") == 2 ? slack * slack : slack);
        }
    }

    private sealed class CosineEmbedding : IPlainFormula
    {
        public V Loss<V>(PlainRow<V> row) where V : struct, ILane<V>
        {
            V cosine = Cosine(row["input1"], row["input2"], eps: 1e-12);
            return row.Label("targets") == 1 ? 1.0 - cosine : V.Hinge(cosine - row.Number("margin"), Tie(row));
        }
    }

    private sealed class TripletMargin : IPlainFormula
    {
        public V Loss<V>(PlainRow<V> row) where V : struct, ILane<V>
        {
            V near = Distance(row, "anchor", "positive");
            V far = Distance(row, "anchor", "negative");
            far = row.IsOn("swap") ? V.Min(far, Distance(row, "positive", "negative")) : far;
            bool soft = row.IsOn("soft_margin");
            V excess = near - far + (soft && !row.IsGiven("margin") ? 0 : row.Number("margin"));
            return soft ? V.Logistic(excess).Softplus : V.Hinge(excess, Tie(row));
        }
    }

    /// <summary>-log softmax(z / T), from the likeliest class: what the others add to it is small, and nothing cancels.</summary>
    private static V[] Surprisals<V>(PlainRow<V> row, string name, double temperature = 1) where V : struct, ILane<V>
    {
        V[] z = [.. row[name].Select(score => score / temperature)];
        double[] numbers = row.Numbers(name);
        int top = Array.IndexOf(numbers, numbers.Max());
        V others = 0;
        for (int c = 0; c < z.Length; c++)
        {
            others += c == top ? 0 : V.Exp(z[c] - z[top]);
        }

        V rest = V.Log1p(others);
        return [.. z.Select((score, c) => c == top ? rest : z[top] - score + rest)];
    }

    private static V[] Targets<V>(PlainRow<V> row, int classes) where V : struct, ILane<V> => row.IsLabel("targets")
        ? [.. Enumerable.Range(0, classes).Select(c => V.Of(c == row.Label("targets") ? 1 : 0))]
        : row["targets"];

    private static double WeightOf<V>(PlainRow<V> row, int c) where V : struct, ILane<V> =>
        row.Has("weight") ? row.Numbers("weight")[c] : 1;

    private static (V[] P, V[] LogP) Distribution<V>(PlainRow<V> row, string side) where V : struct, ILane<V>
    {
        if (row.Has(side))
        {
            return (row[side], [.. row[side].Select(V.Log)]);
        }

        V[] logs = row.Has($"log_{side}") ? row[$"log_{side}"] : [.. Surprisals(row, $"{side}_logits").Select(cost => -cost)];
        return ([.. logs.Select(V.Exp)], logs);
    }

    /// <summary>Σ p (log p - log q); a class that neither side knows, -∞ less -∞, adds nothing.</summary>
    private static V Divergence<V>(V[] p, V[] logP, V[] logQ) where V : struct, ILane<V> =>
        Dot(p, [.. logP.Zip(logQ, (a, b) => V.Select(V.Same(a - b, a - b), a - b, 0))]);

    private static double Scale<V>(PlainRow<V> row) where V : struct, ILane<V> => row.Word("base") switch
    {
        "2" => 1 / Math.Log(2),
        "10" => 1 / Math.Log(10),
        _ => 1,
    };

    private static double Tie<V>(PlainRow<V> row) where V : struct, ILane<V> => row.Word("tie") switch
    {
        "pytorch" => 1,
        "half" => 0.5,
        _ => 0,
    };

    private static V Distance<V>(PlainRow<V> row, string first, string second) where V : struct, ILane<V>
    {
        (V[] a, V[] b) = (row[first], row[second]);
        double eps = row.Number("eps");
        double power = row.Number("p");
        string word = row.IsGiven("p") && !row.IsGiven("distance") ? "lp" : row.Word("distance");
        bool isUnderRoot = word is "l2" or "lp" && row.IsGiven("eps_mode") && row.Word("eps_mode") == "under_root";
        double underRoot = isUnderRoot ? eps : 0;
        V[] gaps = [.. a.Zip(b, (x, y) => isUnderRoot ? x - y : x - y + eps)];
        return word switch
        {
            "l2" => V.Sqrt(Dot(gaps, gaps) + underRoot),
            "squared_l2" => Dot(gaps, gaps),
            "l1" => Sum([.. gaps.Select(V.Abs)]),
            "lp" => V.Pow(Sum([.. gaps.Select(gap => V.Pow(V.Abs(gap), power))]) + underRoot, 1 / power),
            "cosine" => 1.0 - Cosine(a, b, eps),
            _ => -Dot(a, b),
        };
    }

    private static V Cosine<V>(V[] a, V[] b, double eps) where V : struct, ILane<V> =>
        Dot(a, b) / (V.Sqrt(Dot(a, a) + eps) * V.Sqrt(Dot(b, b) + eps));

    private static V Sum<V>(V[] terms) where V : struct, ILane<V> => terms.Aggregate(V.Of(0), (sum, term) => sum + term);

    /// <summary>Σ a b, where 0 · log 0 is 0.</summary>
    private static V Dot<V>(V[] a, V[] b) where V : struct, ILane<V> => Sum([.. a.Zip(b, V.ZeroTimes)]);
}

using LossService.Engine;
using LossService.Engine.Cards;
using LossService.Engine.Families;
using LossService.Engine.Numerics;
using LossService.Tests.Engine.Harness;
using Xunit;

namespace LossService.Tests.Engine;

/// <summary>Distances within a batch, for similarities too, and what reducers count and judge.</summary>
[Trait("Set", "Engine")]
public sealed class ContrastTests
{
    /// <summary>The losses of similarities that take a distance for one, with the factor of their temperature.</summary>
    public static TheoryData<string> OfSimilarities => [.. Catalogue.All.Select(loss => loss.Card)
        .Where(card => card.Parameters.Contains(Distance.OfSimilarities) && card.PlaceOfParameter("temperature") >= 0)
        .Select(card => card.Name)];

    // Of vectors of length 1 |a - b|² is 2 - 2 a·b, and what all similarities have in common cancels.
    [Theory]
    [MemberData(nameof(OfSimilarities))]
    public void SquaredDistance_OfUnitVectorsAtTwiceTheTemperature_IsTheirProduct(string loss)
    {
        for (int seed = 0; seed < 12; seed++)
        {
            Question question = new Samples(EveryLoss.Card(loss), seed).Draw(new()
            {
                Form = 0,
                Samples = 7,
                Row = 1 + seed,
                Untouched = ["distance", "p", "miner", "temperature", "normalize_embeddings"],
            }).With("normalize_embeddings", 1).With("temperature", 0.5);
            Answer product = Bench.Ask(question);
            AssertNear(product, Bench.Ask(question.With("distance", "squared_l2").With("temperature", 1)));
            AssertNear(product, Bench.Ask(question.With("distance", "cosine")));
            AssertNear(product, Bench.Ask(question.With("distance", "cosine").With("normalize_embeddings", 0)));
        }

        static void AssertNear(Answer expected, Answer found) =>
            Assert.All(expected.All().Zip(found.All()), pair => Assert.All(
                pair.First.Values.Zip(pair.Second.Values), numbers => Assert.Equal(numbers.First, numbers.Second, 1e-12)));
    }

    // The same for a border between like and unlike: 2 - 2 base, and twice the loss at half the sharpness.
    [Fact]
    public void MultiSimilarity_OfSquaredDistances_IsTwiceThatOfProducts()
    {
        const string Batch = """ "embeddings":[[0,1],[1,0],[0.2,1.1],[1.5,0.4],[1,1]],"labels":[0,1,0,1,2],"miner":"multi_similarity" """;
        Answer product = Bench.Ask("multi_similarity_loss", $$"""{{{Batch}},"base":0.7,"miner_epsilon":0.2,"return_items":true}""");
        Answer squared = Bench.Ask("multi_similarity_loss", $$"""
            {{{Batch}},"distance":"squared_l2","alpha":1,"beta":25,"base":0.6,"miner_epsilon":0.4,"return_items":true}
            """);
        Assert.All(product.Losses.Zip(squared.Losses), pair => Assert.Equal(2 * pair.First, pair.Second, 1e-13));
        Assert.All(product.Gradients["embeddings"].Zip(squared.Gradients["embeddings"]), pair => Assert.Equal(2 * pair.First, pair.Second, 1e-13));
    }

    // On a line: from 0 its like is 1 away and the others 3 and 7, from 1 they are 2 and 6 away, between 3 and 7 lie 4.
    [Theory]
    [InlineData("nt_xent_loss")]
    [InlineData("supcon_loss")]
    public void Contrast_OfDistances_PrefersTheNearer(string loss)
    {
        Answer answer = Bench.Ask(loss, """
            {"embeddings":[[0],[1],[3],[7]],"labels":[5,5,8,8],"distance":"l1","normalize_embeddings":false,"temperature":2,
             "reduction":"none","miner":"pair_margin","miner_pos_margin":0.5,"miner_neg_margin":6.5}
            """);
        double[] expected =
        [
            Math.Log(1 + Math.Exp((1 - 3) / 2.0)), // a miner sees distances, and 7 is beyond its bound
            Math.Log(1 + Math.Exp((1 - 2) / 2.0) + Math.Exp((1 - 6) / 2.0)),
            Math.Log(1 + Math.Exp((4 - 3) / 2.0) + Math.Exp((4 - 2) / 2.0)),
            Math.Log(1 + Math.Exp((4 - 6) / 2.0)),
        ];
        Assert.All(expected.Zip(answer.Losses), pair => Assert.Equal(pair.First, pair.Second, 1e-14));
    }

    // Two sides on a line: 0 and 3 look for 1 and 5, which are 1 and 5 away from the one, 2 and 2 from the other.
    [Theory]
    [InlineData("info_nce_loss", "queries", "keys", false)]
    [InlineData("n_pair_loss", "anchor", "positive", false)]
    [InlineData("clip_loss", "queries", "keys", true)]
    public void TwoSides_OfDistances_PreferTheNearer(string loss, string one, string other, bool isMutual)
    {
        Answer answer = Bench.Ask(loss, $$"""
            {"{{one}}":[[0],[3]],"{{other}}":[[1],[5]],"distance":"l2","normalize_embeddings":false,"temperature":2,"reduction":"sum"}
            """);
        double ahead = Math.Log(1 + Math.Exp((1 - 5) / 2.0)) + Math.Log(2);
        double back = Math.Log(1 + Math.Exp((1 - 2) / 2.0)) + Math.Log(1 + Math.Exp((2 - 5) / 2.0));
        Assert.Equal(isMutual ? (ahead + back) / 2 : ahead, answer.Loss!.Value, 1e-14);
    }

    // As every card with a power says.
    [Fact]
    public void Power_WithoutADistance_ChoosesLp()
    {
        LossCard[] cards = [.. Catalogue.All.Select(loss => loss.Card).Where(card => card.Parameters.Contains(Distance.P))];
        Assert.NotEmpty(cards);
        Assert.All(cards, card =>
        {
            Question cubic = new Samples(card, 3).Draw(new() { Form = 0, Samples = 6, Row = 4, Settings = false, Extras = false })
                .With("p", 3);
            Answer.AssertSameBits(Bench.Ask(cubic.With("distance", "lp")), Bench.Ask(cubic), card.Name);
            Assert.NotEqual(Bench.Ask(cubic.With("distance", "l2")).Losses, Bench.Ask(cubic).Losses);
        });
    }

    // Of anchor 0 the pairs cost log(1 + e^(1-3)) and log(1 + e^(2-3)), of anchor 1 log(1 + e^(1-2)), all at once half as
    // many; nobody else has a positive.
    [Theory]
    [InlineData("anchors", "", "01 02 10", "count", 4)]
    [InlineData("tuples", "", "01 02 10", "pairs", 3)]
    [InlineData("nonzero", "", "01 02 10", "nonzero", 3)]
    [InlineData("threshold", ""","reducer_low":0.2""", "02 10", "pairs", 2)]
    [InlineData("threshold", ""","reducer_high":0.2""", "01", "pairs", 1)]
    [InlineData("threshold", ""","reducer_low":null,"reducer_high":0.2""", "01", "pairs", 1)]
    [InlineData("per_anchor", "", "01 02 10", "count", 4)]
    public void NtXent_OfAReducer_CountsAndJudgesPositivePairs(string reducer, string bounds, string pairs, string rule, double divisor)
    {
        foreach (string dtype in new[] { "float32", "float64" })
        {
            Question question = Question.Of("nt_xent_loss", $$"""
                {"embeddings":[[0],[1],[-2],[3]],"positive_pairs":[[0,1],[0,2],[1,0]],"negative_pairs":[[0,3],[1,3]],
                 "distance":"l1","normalize_embeddings":false,"temperature":1,"denominator":"negatives_plus_positive",
                 "return_items":true,"reducer":"{{reducer}}"{{bounds}},"dtype":"{{dtype}}"}
                """);
            Answer answer = Bench.Ask(question);
            double[] items =
            [
                Cost("01", 1 - 3) + Cost("02", 2 - 3), Cost("10", 1 - 2), 0, 0,
            ];
            items[0] /= reducer == "per_anchor" ? 2 : 1;
            Assert.All(items.Zip(answer.Losses), pair => Assert.Equal(pair.First, pair.Second, 1e-7));
            Assert.Equal(items.Sum() / divisor, answer.Loss!.Value, 1e-7);
            Assert.Equal(new Normalizer(rule, divisor), answer.Normalizer);
            Answer sum = Bench.Ask(question.With("reduction", "sum"));
            Assert.All(sum.Gradients["embeddings"].Zip(answer.Gradients["embeddings"]),
                pair => Assert.Equal(pair.First / divisor, pair.Second, 1e-7));
            Assert.Equal(items.Sum() / 7, Bench.Ask(question.With("avg_factor", 7)).Loss!.Value, 1e-7);
        }

        double Cost(string pair, double lag) => pairs.Contains(pair, StringComparison.Ordinal) ? Math.Log(1 + Math.Exp(lag)) : 0;
    }

    // Anchors 0 and 1 have each other and cost log(1 + e^-2) and log(1 + e^-1), 2 has nobody to compete and costs 0, 3 has
    // no positive.
    [Theory]
    [InlineData("anchors", "", "01", "count", 4)]
    [InlineData("tuples", "", "01", "nonzero", 3)]
    [InlineData("nonzero", "", "01", "nonzero", 2)]
    [InlineData("threshold", "", "01", "nonzero", 2)]
    [InlineData("threshold", ""","reducer_low":0.2""", "1", "nonzero", 1)]
    [InlineData("threshold", ""","reducer_low":null,"reducer_high":0.2""", "0", "nonzero", 2)]
    [InlineData("per_anchor", "", "01", "count", 4)]
    public void Supcon_OfAReducer_CountsAndJudgesAnchors(string reducer, string bounds, string anchors, string rule, double divisor)
    {
        Answer answer = Bench.Ask("supcon_loss", $$"""
            {"embeddings":[[0],[1],[-2],[3]],"positive_pairs":[[0,1],[1,0],[2,0]],"negative_pairs":[[0,3],[1,3]],
             "distance":"l1","normalize_embeddings":false,"temperature":1,"return_items":true,"reducer":"{{reducer}}"{{bounds}}}
            """);
        double[] items = [Cost('0', 1 - 3), Cost('1', 1 - 2), 0, 0];
        Assert.All(items.Zip(answer.Losses), pair => Assert.Equal(pair.First, pair.Second, 1e-15));
        Assert.Equal(items.Sum() / divisor, answer.Loss!.Value, 1e-15);
        Assert.Equal(new Normalizer(rule, divisor), answer.Normalizer);

        double Cost(char anchor, double lag) => anchors.Contains(anchor, StringComparison.Ordinal) ? Math.Log(1 + Math.Exp(lag)) : 0;
    }

    // In float32 e^-200 is 0 and so would the costs be; they are not, and count.
    [Fact]
    public void Reducer_OfCostsBelowFloats_CountsThemAll()
    {
        const string Batch = """ "embeddings":[[10],[10],[-10],[-10.5]],"labels":[0,0,1,1],"normalize_embeddings":false,"temperature":1 """;
        foreach (string dtype in new[] { "float32", "float64" })
        {
            Answer answer = Bench.Ask("nt_xent_loss", $$"""{{{Batch}},"reducer":"nonzero","dtype":"{{dtype}}"}""");
            Assert.Equal(new Normalizer("nonzero", 4), answer.Normalizer);
        }
    }

    // The positive of 1 is infinitely far away.
    [Theory]
    [InlineData("margin_loss")]
    [InlineData("nt_xent_loss")]
    [InlineData("batch_all_triplet_loss")]
    public void InfiniteCost_WithoutABound_StaysInTheSum(string loss)
    {
        Question question = Question.Of(loss, """
            {"embeddings":[[1],["Infinity"],[3]],"positive_pairs":[[0,1]],"negative_pairs":[[0,2]],"normalize_embeddings":false,
             "distance":"l1","return_items":true}
            """);
        Assert.Equal(double.PositiveInfinity, Bench.Ask(question).Losses[0]);
        Question bounded = question.With("reducer", "threshold");
        Assert.Equal(double.PositiveInfinity, Bench.Ask(bounded).Losses[0]);
        Answer without = Bench.Ask(bounded.With("reducer_high", 1e9));
        Assert.True(double.IsFinite(without.Losses[0]), $"{without.Losses[0]}");
        Assert.All(without.Gradients["embeddings"], slope => Assert.True(double.IsFinite(slope)));
    }

    [Theory]
    [MemberData(nameof(OfSimilarities))]
    public void Contrast_WithoutItsNthBuffer_GivesEverythingBack(string loss)
    {
        foreach (Question question in (Question[])[Large(loss, "dot", 40), Large(loss, "l2", 40)])
        {
            int rents = 0;
            Bench.Ask(question, new(new TensorPool(1L << 30) { Lending = _ => rents++ }));
            for (int allowed = 0; allowed < rents; allowed++)
            {
                int left = allowed;
                var pool = new TensorPool(1L << 30)
                {
                    PoisonsReturns = true,
                    Lending = bytes =>
                    {
                        if (left-- == 0)
                        {
                            throw new PoolExhaustedException(bytes);
                        }
                    },
                };
                Assert.Throws<PoolExhaustedException>(() => Bench.Ask(question, new(pool)));
                Assert.Equal(0, pool.Leases);
            }
        }
    }

    [Theory]
    [MemberData(nameof(OfSimilarities))]
    public void Contrast_OfDistancesOnManyThreads_HasTheSameBits(string loss)
    {
        Question question = Large(loss, "l2", EveryLoss.IsSlow ? 60 : 400);
        Answer one = Bench.Ask(question);
        for (int threads = 2; threads <= 3; threads++)
        {
            Answer.AssertSameBits(one, Bench.Ask(question, new(Bench.Pool, threads)), $"{threads} threads, {loss}");
        }
    }

    // Float32 that is computed in doubles, with all that asks for room of its own.
    private static Question Large(string loss, string distance, int samples)
    {
        LossCard card = EveryLoss.Card(loss);
        Question question = new Samples(card, samples).Draw(new()
        {
            Form = 0,
            Samples = samples,
            Row = 5,
            Float64 = false,
            Settings = false,
            Extras = false,
            Reduction = "mean",
        }).With("distance", distance);
        return card.PlaceOfParameter("reducer") < 0 ? question : question.With("reducer", "nonzero")
            .With("miner", "multi_similarity").With("return_tuples", 1);
    }
}

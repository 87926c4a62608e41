using System.Globalization;
using LossService.Engine;
using LossService.Engine.Cards;
using LossService.Tests.Engine.Harness;
using Xunit;

namespace LossService.Tests.Engine;

/// <summary>Losses whose samples meet each other: what holds for them where a sample's numbers are not its own.</summary>
[Trait("Set", "Engine")]
public sealed class InBatchTests
{
    [Theory]
    [MemberData(nameof(EveryLoss.InBatch), MemberType = typeof(EveryLoss))]
    public void Samples_InAnotherOrder_GiveTheSameNumbersInThatOrder(string loss, bool float64)
    {
        for (int seed = 0; seed < EveryLoss.Draws(24); seed++)
        {
            Question batch = Draw(loss, float64, seed, 1 + (seed % 9));
            int[] order = [.. Enumerable.Range(0, batch.Samples)];
            new Random(seed).Shuffle(order);
            AssertSlice(Bench.Ask(batch), order, batch, Bench.Ask(batch.Select(order)), float64);
        }
    }

    [Theory]
    [MemberData(nameof(EveryLoss.InBatch), MemberType = typeof(EveryLoss))]
    public void Mask_OfSomeSamples_IsTheBatchWithoutThem(string loss, bool float64)
    {
        for (int seed = 0; seed < EveryLoss.Draws(24); seed++)
        {
            Question batch = Draw(loss, float64, 100 + seed, 2 + (seed % 9)).With("reduction", "mean").Without("mask", "grad_output");
            int[] kept = [.. Enumerable.Range(0, batch.Samples).Where(sample => sample % 3 != seed % 3)];
            double[] mask = [.. Enumerable.Range(0, batch.Samples).Select(sample => kept.Contains(sample) ? 1.0 : 0)];
            Answer masked = Bench.Ask(batch.With("mask", new Given(mask, [mask.Length], Slicing.FirstAxis)));
            Answer smaller = Bench.Ask(batch.Select(kept));
            Assert.Equal(smaller.Normalizer, masked.Normalizer);
            AssertSlice(masked, kept, batch, smaller, float64);
        }
    }

    [Theory]
    [MemberData(nameof(EveryLoss.InBatch), MemberType = typeof(EveryLoss))]
    public void SampleWeights_OfOneNumber_ScaleItemsAndGradients(string loss, bool float64)
    {
        Question plain = Draw(loss, float64, 7, 6).Without("mask", "grad_output", "sample_weight");
        Answer once = Bench.Ask(plain);
        Answer twice = Bench.Ask(plain.With("sample_weight", new Given([2, 2, 2, 2, 2, 2], [6], Slicing.FirstAxis)));
        foreach (((string name, double[] one), (_, double[] two)) in once.All().Zip(twice.All()))
        {
            Answer.AssertSameBits([.. one.Select(number => 2 * number)], two, name);
        }
    }

    [Theory]
    [MemberData(nameof(EveryLoss.OfPairs), MemberType = typeof(EveryLoss))]
    public void Samples_BeyondTheLimit_AreRefusedByName(string loss, bool float64)
    {
        LossCard card = EveryLoss.Card(loss);
        int samples = card.AxisMax!.Length + 1;
        Question question = new Samples(card, 1).Draw(new()
        {
            Form = 0,
            Samples = samples,
            Row = 1,
            Plain = true,
            Float64 = float64,
            Settings = false,
            Extras = false,
        });
        Mistake mistake = Assert.Single(Bench.MistakesOf(question));
        Assert.Equal(Codes.LimitExceeded, mistake.Code);
        Assert.Equal($"{samples}", mistake.Found);
    }

    // Appendix A of the catalogue: scores [[2, .5, -1], [.1, 1, .3], [0, -.5, 1.5]].
    [Fact]
    public void InfoNceAndClip_OfGivenScores_AreThePublishedNumbers()
    {
        const string Scores = """
            "queries":[[2,0.5,-1],[0.1,1,0.3],[0,-0.5,1.5]],"keys":[[1,0,0],[0,1,0],[0,0,1]],
            "normalize_embeddings":false,"temperature":1,"dtype":"float64"
            """;
        Answer rows = Bench.Ask("info_nce_loss", $$"""{{{Scores}}}""");
        Assert.Equal(0.397060008354374, rows.Loss!.Value, 1e-14);
        Assert.Equal(0.3950752469612657, Bench.Ask("clip_loss", $$"""{{{Scores}}}""").Loss!.Value, 1e-14);

        // The keys are unit vectors, so a query's gradient is its row of slopes.
        double[] slopes =
        [
            -0.07146765513690807, 0.05843013071334557, 0.013037524423562484, 0.0712097661569395, -0.1581855709489661,
            0.08697580479202661, 0.054750542541695944, 0.03320788268743943, -0.08795842522913537,
        ];
        Assert.All(slopes.Zip(rows.Gradients["queries"]), pair => Assert.Equal(pair.First, pair.Second, 1e-15));
    }

    // Published in the docstrings of TensorFlow Addons.
    [Theory]
    [InlineData("triplet_semihard_loss", 2.4142137)]
    [InlineData("triplet_hard_loss", 1.0)]
    public void Triplets_WithoutNegatives_ArePublishedUnderTheirPresetAndNothingElse(string loss, double published)
    {
        const string Pair = """ "embeddings":[[0,1],[1,0]],"labels":[0,0] """;
        Assert.Equal(published, Bench.Ask(loss, $$"""{{{Pair}},"preset":"tfa"}""").Loss!.Value, 1e-6);
        Answer plain = Bench.Ask(loss, $$"""{{{Pair}}}""");
        Assert.Equal(0, plain.Loss);
        Assert.All(plain.Gradients["embeddings"], slope => Assert.Equal(0, slope));
    }

    // From 0 the positives are 1 and 4 away, the negatives 2, 3 and 6.
    [Theory]
    [InlineData("all", 0 + 0 + 0 + 3 + 2 + 0)]
    [InlineData("hard", 3 + 2)]
    [InlineData("semihard", 0)]
    [InlineData("easy", 0)]
    public void BatchAll_OfOneAnchor_SumsTheTripletsOfItsMiner(string miner, double expected)
    {
        Answer answer = Bench.Ask("batch_all_triplet_loss", $$"""
            {"embeddings":[[0],[1],[4],[-2],[-3],[-6]],"labels":[0,0,0,1,2,3],"miner":"{{miner}}","miner_margin":1,
             "margin":1,"return_items":true,"dtype":"float64"}
            """);
        Assert.Equal(expected, answer.Losses[0]);
    }

    // The same anchor alone: six triplets that cost 0, 0, 0, 3, 2 and 0.
    [Theory]
    [InlineData("anchors", "", 5.0 / 6, "count", 6)]
    [InlineData("tuples", "", 5.0 / 6, "pairs", 6)]
    [InlineData("nonzero", "", 5.0 / 2, "nonzero", 2)]
    [InlineData("threshold", ""","reducer_high":3""", 2.0, "pairs", 1)]
    [InlineData("threshold", ""","reducer_low":2""", 3.0, "pairs", 1)]
    [InlineData("threshold", ""","reducer_low":null,"reducer_high":3""", 2.0 / 5, "pairs", 5)]
    [InlineData("per_anchor", "", 5.0 / 36, "count", 6)]
    public void Reducer_OfOneAnchor_DividesByWhatItSays(string reducer, string bounds, double expected, string rule, double divisor)
    {
        Answer answer = Bench.Ask("batch_all_triplet_loss", $$"""
            {"embeddings":[[0],[1],[4],[-2],[-3],[-6]],"positive_pairs":[[0,1],[0,2]],"negative_pairs":[[0,3],[0,4],[0,5]],
             "reducer":"{{reducer}}"{{bounds}}}
            """);
        Assert.Equal(expected, answer.Loss!.Value, 1e-15);
        Assert.Equal(new Normalizer(rule, divisor), answer.Normalizer);
    }

    // Oh Song et al. on a line: the pairs are 0-1 and 2-3, 1/(2|P|) Σ max(0, J)² over both with |P| = 2.
    [Fact]
    public void LiftedStructure_OfPairs_IsThePublishedSumOverUnorderedPairs()
    {
        double[] at = [0, 1, 1.5, 4];
        double far01 = Math.Log(new[] { 1.5, 4, 0.5, 3 }.Sum(d => Math.Exp(1 - d)));
        double far23 = Math.Log(new[] { 1.5, 0.5, 4, 3 }.Sum(d => Math.Exp(1 - d)));
        double published = (Math.Pow(1 + far01, 2) + Math.Pow(2.5 + far23, 2)) / 4;
        const string Batch = """ "labels":[7,7,3,3],"dtype":"float64" """;
        Answer answer = Bench.Ask("lifted_structure_loss", $$"""
            {"embeddings":[[{{at[0]}}],[{{at[1]}}],[{{at[2].ToString(CultureInfo.InvariantCulture)}}],[{{at[3]}}]],"preset":"tfa",{{Batch}}}
            """);
        Assert.Equal(new Normalizer("pairs", 4), answer.Normalizer);
        Assert.Equal(published, answer.Loss!.Value, 1e-14);
    }

    [Fact]
    public void LiftedStructure_OfPairsWithoutNegatives_CostsNothing()
    {
        Answer answer = Bench.Ask("lifted_structure_loss", """{"embeddings":[[0],[1]],"labels":[7,7],"preset":"tfa"}""");
        Assert.Equal(new Normalizer("pairs", 0), answer.Normalizer);
        Assert.Equal([0, 0], answer.Gradients["embeddings"]);
    }

    [Fact]
    public void NtXent_OfOnePositiveAnAnchor_IsTheSameForBothDenominators()
    {
        const string Views = """ "embeddings":[[1,0.2],[0.1,1],[0.9,0],[0.3,1]],"labels":[4,-9,4,-9],"dtype":"float64" """;
        Answer all = Bench.Ask("nt_xent_loss", $$"""{{{Views}}}""");
        Answer apart = Bench.Ask("nt_xent_loss", $$"""{{{Views}},"denominator":"negatives_plus_positive"}""");
        Assert.Equal(all.Loss!.Value, apart.Loss!.Value, 1e-15);
        Assert.Equal(new Normalizer("pairs", 4), all.Normalizer);
        Assert.Equal(all.Loss.Value, Bench.Ask("supcon_loss", $$"""{{{Views}},"temperature":0.5}""").Loss!.Value, 1e-15);
    }

    [Fact]
    public void Anchors_WithoutPositives_CostNothingAndLeaveTheMean()
    {
        const string Batch = """ "embeddings":[[1,0.2],[0.1,1],[0.9,0]],"return_items":true,"dtype":"float64" """;
        Answer lonely = Bench.Ask("supcon_loss", $$"""{{{Batch}},"labels":[1,2,1]}""");
        Assert.Equal(new Normalizer("nonzero", 2), lonely.Normalizer);
        Assert.Equal(0, lonely.Losses[1]);
        Assert.Equal(lonely.Losses.Sum() / 2, lonely.Loss!.Value, 1e-16);

        Answer none = Bench.Ask("supcon_loss", $$"""{{{Batch}},"labels":[1,2,3]}""");
        Assert.Equal(0, none.Loss);
        Assert.Contains(none.Notes, note => note.Code == "empty");
        Assert.All(none.Gradients["embeddings"], slope => Assert.Equal(0, slope));
    }

    // What is drawn for a place is drawn for another sample in another order.
    private static Question Draw(string loss, bool float64, int seed, int samples)
    {
        LossCard card = EveryLoss.Card(loss);
        return new Samples(card, seed).Draw(new()
        {
            Form = 0,
            Samples = samples,
            Float64 = float64,
            Reduction = "none",
            Untouched = card.Draws is { } draws && seed < 100 ? [draws.Parameter.Name] : [],
        });
    }

    // Other places mean other orders of summation, so nearly the same numbers.
    private static void AssertSlice(Answer batch, int[] samples, Question question, Answer part, bool float64)
    {
        int of = question.Samples;
        foreach (((string name, double[] all), (_, double[] some)) in batch.All().Zip(part.All()))
        {
            Given? input = question.Inputs.GetValueOrDefault(name[(name.IndexOf('.', StringComparison.Ordinal) + 1)..]);
            bool whole = name == "loss" || input?.Slicing == Slicing.Whole || all.Length % of != 0;
            double[] expected = whole ? all : new Given(all, [of], Slicing.FirstAxis).Select(samples, of).Values;
            double size = all.Select(Math.Abs).Append(1e-30).Max();
            Assert.Equal(expected.Length, some.Length);
            Assert.All(expected.Zip(some), pair => Assert.True(
                Math.Abs(pair.First - pair.Second) <= (float64 ? 1e-11 : 1e-3) * Math.Max(size, 1),
                $"{name}: {pair.Second} instead of {pair.First} in {question}"));
        }
    }
}

using LossService.Engine;
using LossService.Engine.Cards;
using LossService.Engine.Families;
using LossService.Tests.Engine.Harness;
using Xunit;

namespace LossService.Tests.Engine;

/// <summary>What each miner chooses, by hand on a line, and how those that draw do it.</summary>
[Trait("Set", "Engine")]
public sealed class MiningTests
{
    // From 0 the positives are 2 and 5 away, the negatives 1, 3 and 6; nobody else has a positive.
    private const string Line = """
        "embeddings":[[0],[2],[5],[-1],[-3],[-6]],"positive_pairs":[[0,1],[0,2]],"negative_pairs":[[0,3],[0,4],[0,5]],
        "return_tuples":true,"dtype":"float64"
        """;

    // Vectors on a half circle, two classes.
    private const string Circle = """
        "embeddings":[[1,0,0],[0.9,0.4,0.1],[0.7,0.7,0.2],[0.4,0.9,0.1],[0,1,0.3],[-0.4,0.9,0]],"labels":[0,1,0,1,0,1],
        "return_tuples":true,"dtype":"float64"
        """;

    [Theory]
    [InlineData("all", "", "12 345")]
    [InlineData("batch_hard", "", "2 3")]
    [InlineData("batch_easy_hard", "", "1 4")]
    [InlineData("batch_easy_hard", "easy hard", "1 3")]
    [InlineData("batch_easy_hard", "hard semihard", "2 5")]
    [InlineData("batch_easy_hard", "semihard easy", "2 5")]
    [InlineData("batch_easy_hard", "semihard hard", " ")]
    [InlineData("batch_easy_hard", "all hard", "12 3")]
    [InlineData("batch_easy_hard", "easy all", "1 345")]
    [InlineData("multi_similarity", "", "12 34")]
    [InlineData("pair_margin", "", "2 3")]
    [InlineData("hard", "", "12 34")]
    [InlineData("semihard", "", "12 45")]
    [InlineData("easy", "", "1 5")]
    [InlineData("triplet_margin", "", "12 345")]
    [InlineData("hdc", "", "2 34")]
    public void Miner_OfPairs_KeepsWhatItSays(string miner, string strategies, string pairs)
    {
        Question question = Question.Of("margin_loss", $"{{{Line}}}").With("miner", miner).With("normalize_embeddings", 0)
            .With("miner_margin", 2).With("miner_pos_margin", 3).With("miner_neg_margin", 2.5).With("miner_epsilon", 0.5);
        if (strategies.Length > 0)
        {
            question = question.With("miner_positive", strategies.Split(' ')[0]).With("miner_negative", strategies.Split(' ')[1]);
        }

        Answer answer = Bench.Ask(question);
        Assert.Equal(pairs, $"{Others(answer, "positive_pairs")} {Others(answer, "negative_pairs")}");
    }

    /// <summary>The losses that mine pairs and tell them.</summary>
    public static TheoryData<string> OfPairs => [.. Catalogue.All.Select(loss => loss.Card)
        .Where(card => card.PlaceOfParameter("miner") >= 0 && card.Outputs.Any(output => output.Name == "positive_pairs"))
        .Select(card => card.Name)];

    // What a miner leaves is what a caller may list: nobody else counts, nobody counts twice.
    [Theory]
    [MemberData(nameof(OfPairs))]
    public void Pairs_ThatAMinerChose_GiveTheSameBitsWhenListed(string loss)
    {
        foreach (string miner in Mining.Choice.Words)
        {
            Question mined = Question.Of(loss, $"{{{Circle}}}").With("return_items", 1).With("miner", miner)
                .With("miner_epsilon", -0.3).With("miner_pos_margin", 0.7).With("miner_neg_margin", 0.6).With("miner_angle", 50)
                .With("miner_num_bins", 3).With("miner_pos_per_bin", 1);
            Answer chosen = Bench.Ask(mined);
            double[] positives = chosen.Outputs["positive_pairs"];
            double[] negatives = chosen.Outputs["negative_pairs"];
            Assert.True((miner == "all") == (positives.Length + negatives.Length == 2 * 6 * 5), $"{loss} {miner}");
            Question listed = mined.Without("labels", "miner")
                .With("positive_pairs", new Given(positives, [positives.Length / 2, 2], Slicing.Places))
                .With("negative_pairs", new Given(negatives, [negatives.Length / 2, 2], Slicing.Places));
            Answer.AssertSameBits(chosen, Bench.Ask(listed), $"{loss} {miner}");
        }
    }

    // Of numbers the similarity is their product. The hardest positive is the least alike, so anchors see 0.5 against 0.2,
    // 0.4 against 0.1, 0.4 against 0.16, -0.2 against -0.5 and -0.2 against 0.2.
    [Theory]
    [InlineData("nt_xent_loss", "pairs")]
    [InlineData("supcon_loss", "nonzero")]
    public void BatchHard_OfAContrast_SetsTheHardestPositiveAgainstTheHardestNegative(string loss, string rule)
    {
        Answer answer = Bench.Ask(loss, """
            {"embeddings":[[1],[0.5],[0.8],[-1],[0.2]],"labels":[0,0,0,1,1],"normalize_embeddings":false,"temperature":1,
             "miner":"batch_hard","return_tuples":true}
            """);
        double[] leads = [0.2 - 0.5, 0.1 - 0.4, 0.16 - 0.4, -0.5 + 0.2, 0.2 + 0.2];
        Assert.Equal(leads.Sum(lead => Math.Log(1 + Math.Exp(lead))) / 5, answer.Loss!.Value, 1e-15);
        Assert.Equal(new Normalizer(rule, 5), answer.Normalizer);
        Assert.Equal([0, 1, 1, 2, 2, 1, 3, 4, 4, 3], answer.Outputs["positive_pairs"]);
        Assert.Equal([0, 4, 1, 4, 2, 4, 3, 1, 4, 0], answer.Outputs["negative_pairs"]);
    }

    [Theory]
    [InlineData("batch_hard", "023")]
    [InlineData("multi_similarity", "013 014 023 024")]
    [InlineData("semihard", "014 025")]
    [InlineData("triplet_margin", "013 014 023 024 025")]
    [InlineData("hdc", "023 024")]
    [InlineData("uniform_histogram", "013 014 015 023 024 025")]
    public void Miner_OfTriplets_FormsThem(string miner, string triplets)
    {
        Answer answer = Bench.Ask(Question.Of("batch_all_triplet_loss", $"{{{Line}}}").With("miner", miner)
            .With("miner_margin", 2).With("miner_epsilon", 0.5));
        Assert.Equal(triplets, string.Join(' ', answer.Outputs["tuples"].Chunk(3).Select(triplet => string.Concat(triplet))));
    }

    // From 0 the positives are 2 and 5 away, the negatives 1, 3 and 6; bounds are allowed themselves.
    [Theory]
    [InlineData("easy hard", "3 5 1 6", "2 3")]
    [InlineData("hard hard", "2 4.5 null null", "1 3")]
    [InlineData("easy easy", "2 null null 3", "1 4")]
    [InlineData("hard semihard", "null 2 4 null", "1 5")]
    [InlineData("easy hard", "6 null null null", " ")]
    [InlineData("all hard", "6 null 2 null", "12 4")]
    public void BatchEasyHard_WithAllowedRanges_ChoosesWithinThem(string strategies, string ranges, string pairs)
    {
        string[] words = strategies.Split(' ');
        string[] bounds = ranges.Split(' ');
        Answer answer = Bench.Ask(Question.Of("margin_loss", $$"""
            {{{Line}},"normalize_embeddings":false,"miner":"batch_easy_hard","miner_positive":"{{words[0]}}","miner_negative":"{{words[1]}}",
             "miner_allowed_pos_min":{{bounds[0]}},"miner_allowed_pos_max":{{bounds[1]}},
             "miner_allowed_neg_min":{{bounds[2]}},"miner_allowed_neg_max":{{bounds[3]}}}
            """));
        Assert.Equal(pairs, $"{Others(answer, "positive_pairs")} {Others(answer, "negative_pairs")}");
    }

    // The same of similarities, which are products here: 2, 5, -1, -3 and -6 with a vector of 1.
    [Fact]
    public void BatchEasyHard_OfSimilarities_TakesRangesOfSimilarities()
    {
        Answer answer = Bench.Ask("multi_similarity_loss", """
            {"embeddings":[[1],[2],[5],[-1],[-3],[-6]],"positive_pairs":[[0,1],[0,2]],"negative_pairs":[[0,3],[0,4],[0,5]],
             "normalize_embeddings":false,"miner":"batch_easy_hard","miner_positive":"easy","miner_negative":"hard",
             "miner_allowed_pos_max":4,"miner_allowed_neg_max":-2,"return_tuples":true}
            """);
        Assert.Equal("1 4", $"{Others(answer, "positive_pairs")} {Others(answer, "negative_pairs")}");
    }

    // Distances on a line: of the positive pairs 0-1 is 1, 2-3 is 4, of the negative ones 0-2 is 3, 1-2 is 2, 0-3 is 7, 1-3 is 6.
    // Both directions of a pair are as hard as each other, so they go together.
    [Theory]
    [InlineData(0.25, "23 32", "12 21")]
    [InlineData(0.5, "23 32", "02 12 20 21")]
    [InlineData(0.51, "01 10 23 32", "02 12 13 20 21 31")]
    [InlineData(1, "01 10 23 32", "02 03 12 13 20 21 30 31")]
    public void Hdc_OfAFraction_KeepsTheHardestPairsOfTheBatch(double fraction, string positives, string negatives)
    {
        Answer answer = Bench.Ask(Question.Of("margin_loss", """
            {"embeddings":[[0],[1],[3],[7]],"labels":[0,0,1,1],"normalize_embeddings":false,"miner":"hdc","return_tuples":true}
            """).With("miner_filter_percentage", fraction));
        Assert.Equal(positives, string.Join(' ', answer.Outputs["positive_pairs"].Chunk(2).Select(pair => string.Concat(pair))));
        Assert.Equal(negatives, string.Join(' ', answer.Outputs["negative_pairs"].Chunk(2).Select(pair => string.Concat(pair))));
    }

    // Numbers of both signs and of all sizes, found by their digits.
    [Fact]
    public void Hdc_OfAnySimilarities_FindsTheSameAsSorting()
    {
        double[] at = [-1e200, -3, -1e-300, -0.0, 0, 5e-324, 1e-7, 2, 4, 1e100];
        double[] negatives = [.. Enumerable.Range(1, at.Length - 1).SelectMany(sample => new double[] { 0, sample })];
        for (int count = 1; count < at.Length; count++)
        {
            Answer answer = Bench.Ask(Question.Of("multi_similarity_loss", """
                {"positive_pairs":[[0,1]],"normalize_embeddings":false,"miner":"hdc","return_tuples":true}
                """).With("embeddings", new Given([1, .. at.Skip(1)], [at.Length, 1], Slicing.FirstAxis))
                .With("negative_pairs", new Given(negatives, [at.Length - 1, 2], Slicing.Places))
                .With("miner_filter_percentage", (count - 0.5) / (at.Length - 1)));
            double last = at.Skip(1).OrderDescending().ElementAt(count - 1); // the nearest are the most alike
            Assert.Equal(Enumerable.Range(1, at.Length - 1).Where(sample => at[sample] >= last),
                answer.Outputs["negative_pairs"].Chunk(2).Select(pair => (int)pair[1]));
        }
    }

    // Around 0 on a line: distances 1 and 2 in the lower bin of two, 6, 7, 8, 9 and 10 in the upper one, whose lower edge is 5.5.
    [Theory]
    [InlineData(1, 1, 1)]
    [InlineData(2, 2, 2)]
    [InlineData(4, 2, 4)]
    [InlineData(5, 2, 5)]
    [InlineData(100, 2, 5)]
    public void UniformHistogram_OfBins_DrawsSoManyOfEach(int perBin, int near, int far)
    {
        Answer answer = Bench.Ask(Around("7,8,9,10,6,1,2").With("miner_neg_per_bin", perBin).With("seed", 3));
        double[] drawn = [.. answer.Outputs["negative_pairs"].Chunk(2).Select(pair => pair[1])];
        Assert.Equal((near, far), (drawn.Count(sample => sample >= 6), drawn.Count(sample => sample < 6)));
        Assert.Equal(drawn.Distinct(), drawn);
    }

    // A bin holds its lower edge, and the last one its upper edge too: 1 | 2 | 3 | 4 and 5 in bins from 1 to 5.
    [Fact]
    public void UniformHistogram_AtTheEdgesOfBins_TakesTheBinAbove()
    {
        Question question = Around("1,2,3,4,5").With("miner_num_bins", 4).With("miner_neg_per_bin", 1);
        var ends = new HashSet<double>();
        for (int seed = 0; seed < 40; seed++)
        {
            double[] drawn = [.. Bench.Ask(question.With("seed", seed)).Outputs["negative_pairs"].Chunk(2).Select(pair => pair[1])];
            Assert.Equal([1, 2, 3], drawn.Take(3));
            Assert.Equal(4, drawn.Length);
            ends.Add(drawn[3]);
        }

        Assert.Equal([4, 5], ends.Order());
    }

    // Two of five in a bin: each of the five is in 2/5 of the draws.
    [Fact]
    public void UniformHistogram_OverManySeeds_DrawsAllOfABinAlike()
    {
        const int Draws = 4000;
        Question question = Around("7,8,9,10,6,1").With("miner_neg_per_bin", 2);
        int[] drawn = new int[7];
        for (int seed = 0; seed < Draws; seed++)
        {
            foreach (double[] pair in Bench.Ask(question.With("seed", seed)).Outputs["negative_pairs"].Chunk(2))
            {
                drawn[(int)pair[1]]++;
            }
        }

        Assert.Equal(Draws, drawn[6]);
        double deviation = Math.Sqrt(Draws * 0.4 * 0.6);
        Assert.All(drawn[1..6], times => Assert.Equal(Draws * 0.4, times, tolerance: 4 * deviation));
    }

    // On the unit circle: a and p at 0 and 90 degrees have their middle at (1/2, 1/2). A negative at 45 degrees is 0.2929
    // from it and sees them under 67.5 degrees, one at 180 is 1.5811 away and sees them under 24.1, one at 225 under 22.5.
    [Theory]
    [InlineData(22, "012 013 014 102 103 104")]
    [InlineData(24, "012 013 102 103")]
    [InlineData(25, "012 102")]
    [InlineData(68, "")]
    public void Angular_OfKnownAngles_KeepsTheWiderOnes(double degrees, string triplets)
    {
        Answer answer = Bench.Ask(Question.Of("batch_all_triplet_loss", """
            {"embeddings":[[2,0],[0,3],[1,1],[-1,0],[-5,-5]],"positive_pairs":[[0,1],[1,0]],
             "negative_pairs":[[0,2],[0,3],[0,4],[1,2],[1,3],[1,4]],"return_tuples":true,"miner":"angular"}
            """).With("miner_angle", degrees));
        Assert.Equal(triplets, string.Join(' ', answer.Outputs["tuples"].Chunk(3).Select(triplet => string.Concat(triplet))));
    }

    [Fact]
    public void DistanceWeighted_OfOneSeed_DrawsTheSameAgain()
    {
        Question question = Question.Of("batch_all_triplet_loss", $$"""{{{Circle}},"miner":"distance_weighted"}""");
        double[] first = Bench.Ask(question.With("seed", 5)).Outputs["tuples"];
        Assert.Equal(12, first.Length / 3); // one a positive pair
        Assert.Equal(first, Bench.Ask(question.With("seed", 5)).Outputs["tuples"]);
        Assert.Contains(Enumerable.Range(6, 5), seed => !first.SequenceEqual(Bench.Ask(question.With("seed", seed)).Outputs["tuples"]));
        Assert.Equal(Bench.Ask(question).Outputs["tuples"], Bench.Ask(question.With("seed", 0)).Outputs["tuples"]);
    }

    // In three dimensions the density of a distance is d, so that weights are its inverse: 1/1 and 1/1.25 here. A cutoff of
    // 1 lifts the shorter distance, and what lies 1.4 away or more is never drawn.
    [Fact]
    public void DistanceWeighted_OverManySeeds_DrawsByTheInverseDensity()
    {
        Question question = Question.Of("batch_all_triplet_loss", """
            {"embeddings":[[1,0,0],[0,0,1],[0.875,0.4841229182759271,0],[0.21875,0.9757809372497497,0],[-1,0,0]],
             "positive_pairs":[[0,1]],"negative_pairs":[[0,2],[0,3],[0,4]],"miner":"distance_weighted","miner_cutoff":1,
             "return_tuples":true,"dtype":"float64"}
            """);
        const int Draws = 4000;
        int[] drawn = new int[5];
        for (int seed = 0; seed < Draws; seed++)
        {
            drawn[(int)Bench.Ask(question.With("seed", seed)).Outputs["tuples"][2]]++;
        }

        Assert.Equal([0, 0], new[] { drawn[0], drawn[4] });
        Assert.Equal(Draws / 1.8, drawn[2], tolerance: 4 * Math.Sqrt(Draws * 0.25)); // four deviations
    }

    [Fact]
    public void DistanceWeighted_WithoutANegativeInReach_FormsNothing()
    {
        Answer answer = Bench.Ask("batch_all_triplet_loss", """
            {"embeddings":[[1,0],[0,1],[-1,0]],"labels":[0,0,1],"miner":"distance_weighted","return_tuples":true}
            """);
        Assert.Empty(answer.Outputs["tuples"]);
        Assert.Equal(0, answer.Loss);
    }

    // The first numbers of SplitMix64 from the seed 1234567, as its reference implementation gives them.
    [Fact]
    public void Draw_Mix_IsSplitMix64() => Assert.Equal(
        [6457827717110365317, 3203168211198807973, 9817491932198370423],
        Enumerable.Range(1, 3).Select(k => Draw.Mix(1234567 + (Draw.Step * (ulong)k))));

    [Fact]
    public void Cards_WithAMiner_SayTheyDraw() => Assert.All(
        Catalogue.All.Select(loss => loss.Card).Where(card => card.PlaceOfParameter("miner") >= 0),
        card => Assert.True(card.Draws!.Words is ["distance_weighted", "uniform_histogram"] && card.Conflicts.Count > 0));

    // A sample at 0 whose negatives are as far away as said; there are two bins.
    private static Question Around(string distances)
    {
        string[] far = distances.Split(',');
        return Question.Of("margin_loss", $$"""
            {"embeddings":[[0],[{{string.Join("],[", far)}}]],"positive_pairs":[[0,1]],
             "negative_pairs":[{{string.Join(',', Enumerable.Range(1, far.Length).Select(sample => $"[0,{sample}]"))}}],
             "normalize_embeddings":false,"miner":"uniform_histogram","miner_num_bins":2,"return_tuples":true}
            """);
    }

    private static string Others(Answer answer, string pairs) =>
        string.Concat(answer.Outputs[pairs].Chunk(2).Select(pair => pair[1]));
}

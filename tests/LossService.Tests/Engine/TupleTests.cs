using LossService.Engine;
using LossService.Engine.Cards;
using LossService.Engine.Families;
using LossService.Tests.Engine.Harness;
using Xunit;

namespace LossService.Tests.Engine;

/// <summary>Pairs and triplets that a request lists instead of labels, and those that an answer tells.</summary>
[Trait("Set", "Engine")]
public sealed class TupleTests
{
    private const string Vectors = """ "embeddings":[[0,1],[1,0.1],[0.2,1.1],[0.9,0.8],[-0.5,0.3]],"dtype":"float64" """;

    private static readonly double[] Classes = [0, 1, 0, 1, 0];

    /// <summary>The losses that take pairs for labels.</summary>
    public static TheoryData<string> OfPairs => [.. Catalogue.All
        .Where(loss => loss.Card.PlaceOfInput("positive_pairs") >= 0).Select(loss => loss.Card.Name)];

    /// <summary>Those of them that say what they formed.</summary>
    public static TheoryData<string> Telling => [.. Catalogue.All
        .Where(loss => loss.Card.PlaceOfParameter("return_tuples") >= 0).Select(loss => loss.Card.Name)];

    /// <summary>The losses that take triplets for labels.</summary>
    public static TheoryData<string> OfTriplets => [.. Catalogue.All
        .Where(loss => loss.Card.Inputs.Contains(Mined.Triplets)).Select(loss => loss.Card.Name)];

    /// <summary>The losses that take the pairs of triplets.</summary>
    public static TheoryData<string> OfPairsOfTriplets => [.. Catalogue.All
        .Where(loss => loss.Card.Inputs.Contains(Mined.PairsOfTriplets)).Select(loss => loss.Card.Name)];

    [Fact]
    public void Losses_OfEmbeddingsAndLabels_TakePairsToo() => Assert.All(
        Catalogue.All.Where(loss => loss.Card.SamplesMeet && loss.Card.PlaceOfInput("labels") >= 0),
        loss => Assert.True(loss.Card.PlaceOfInput("positive_pairs") > 0, loss.Card.Name));

    [Theory]
    [MemberData(nameof(OfPairs))]
    public void Pairs_ThatSayWhatLabelsSay_GiveTheSameBits(string loss)
    {
        Question labelled = Question.Of(loss, $"{{{Vectors}}}").With("labels", new Given(Classes, [5])).With("return_items", 1);
        double[] positives = PairsWhere((a, b) => Classes[a] == Classes[b]);
        double[] negatives = PairsWhere((a, b) => Classes[a] != Classes[b]);
        double[] twiceAndBackwards = [.. positives.Chunk(2).Concat(positives.Chunk(2)).Reverse().SelectMany(pair => pair)];
        foreach (double[] listed in (double[][])[positives, twiceAndBackwards])
        {
            Question question = labelled.Without("labels").With("positive_pairs", Rows(listed, 2)).With("negative_pairs", Rows(negatives, 2));
            Answer.AssertSameBits(Bench.Ask(labelled), Bench.Ask(question), loss);
        }
    }

    [Theory]
    [MemberData(nameof(OfPairs))]
    public void Pairs_OfNobody_CostNothing(string loss)
    {
        Answer answer = Bench.Ask(Question.Of(loss, $$"""{{{Vectors}},"return_items":true}""")
            .With("positive_pairs", Rows([], 2)).With("negative_pairs", Rows([], 2)));
        Assert.All(answer.Losses, item => Assert.Equal(0, item));
        Assert.All(answer.Gradients["embeddings"], slope => Assert.Equal(0, slope));
    }

    [Theory]
    [MemberData(nameof(OfTriplets))]
    public void Triplets_ListedTwice_CountTwice(string loss)
    {
        Answer once = Bench.Ask(loss, $$"""{{{Vectors}},"triplets":[[0,2,1],[3,1,4]],"reduction":"sum"}""");
        Answer twice = Bench.Ask(loss, $$"""{{{Vectors}},"triplets":[[0,2,1],[3,1,4],[3,1,4],[0,2,1]],"reduction":"sum"}""");
        Assert.NotEqual(0, once.Loss);
        Assert.Equal(2 * once.Loss!.Value, twice.Loss!.Value, 1e-15);
        Assert.All(once.Gradients["embeddings"].Zip(twice.Gradients["embeddings"]), pair => Assert.Equal(2 * pair.First, pair.Second, 1e-15));
    }

    // (0, 2) stands in three triplets; 4 is masked, so that (1, 3) goes with it.
    [Theory]
    [MemberData(nameof(OfPairsOfTriplets))]
    public void Triplets_OfALossOfPairs_AreTheirPairsEachOnce(string loss)
    {
        foreach (string miner in new[] { "all", "hard", "batch_hard", "multi_similarity", "angular" })
        {
            Question bare = Question.Of(loss, $$"""{{{Vectors}},"mask":[true,true,true,true,false],"return_items":true,"return_tuples":true}""")
                .With("miner", miner).With("miner_epsilon", 2);
            Answer triplets = Bench.Ask(bare.With("triplets", Rows([0, 2, 1, 0, 2, 3, 3, 1, 2, 0, 2, 1, 1, 3, 4], 3)));
            Answer pairs = Bench.Ask(bare.With("positive_pairs", Rows([0, 2, 3, 1], 2)).With("negative_pairs", Rows([0, 1, 0, 3, 3, 2], 2)));
            Answer.AssertSameBits(pairs, triplets, $"{loss} {miner}");
            Assert.Equal(pairs.Outputs["positive_pairs"], triplets.Outputs["positive_pairs"]);
            Assert.True(miner != "all" || triplets.Losses.Any(item => item > 0), loss);
        }
    }

    [Theory]
    [MemberData(nameof(Telling))]
    public void Tuples_ThatAnAnswerTells_GiveItAgainWhenListed(string loss)
    {
        Question labelled = Question.Of(loss, $"{{{Vectors}}}").With("labels", new Given(Classes, [5]));
        Answer answer = Bench.Ask(labelled.With("return_tuples", 1));
        Assert.NotEmpty(answer.Outputs);
        Question listed = answer.Outputs.TryGetValue("tuples", out double[]? triplets)
            ? Question.Of("batch_all_triplet_loss", $"{{{Vectors}}}").With("triplets", Rows(triplets, 3))
            : answer.Outputs.Aggregate(labelled.Without("labels"), (question, pairs) => question.With(pairs.Key, Rows(pairs.Value, 2)));
        Answer again = Bench.Ask(listed.With("reduction", "sum"));
        Assert.Equal(Bench.Ask(labelled.With("reduction", "sum")).Loss!.Value, again.Loss!.Value, 1e-14);
        Assert.NotEqual(0, again.Loss);
    }

    // From 0 the positive is 1 away, the negatives 3 and 7; from 1 they are 2 and 6 away.
    [Fact]
    public void BatchAll_OfAMiner_TellsItsTripletsAnchorByAnchorNearestFirst()
    {
        const string Line = """ "embeddings":[[0],[1],[7],[3]],"labels":[0,0,1,2],"return_tuples":true """;
        Answer all = Bench.Ask("batch_all_triplet_loss", $"{{{Line}}}");
        Assert.Equal([0, 1, 3, 0, 1, 2, 1, 0, 3, 1, 0, 2], all.Outputs["tuples"]);
        Answer some = Bench.Ask("batch_all_triplet_loss", $$"""{{{Line}},"miner":"semihard","miner_margin":2}""");
        Assert.Equal([0, 1, 3, 1, 0, 3], some.Outputs["tuples"]);
    }

    [Theory]
    [InlineData("""[[0,1,5]]""", "domain_error", "an integer from 0 to 4", "5", 0, 2)]
    [InlineData("""[[0,1,2],[-1,1,2]]""", "domain_error", "an integer from 0 to 4", "-1", 1, 0)]
    [InlineData("""[[0,1,2],[3,1,1]]""", "domain_error", "different samples in each row", "1 twice", 1, 2)]
    [InlineData("""[[0,0,2]]""", "domain_error", "different samples in each row", "0 twice", 0, 1)]
    [InlineData("""[[0,1.5,2]]""", "domain_error", "an integer from 0 to 4", "a number that is not an integer", 0, 1)]
    public void Triplets_ThatAreNone_AreRefusedByTheirFirstWrongPlace(
        string triplets, string code, string expected, string found, int row, int column)
    {
        Mistake mistake = Assert.Single(Bench.MistakesOf("batch_all_triplet_loss", $$"""{{{Vectors}},"triplets":{{triplets}}}"""));
        Assert.Equal(("/triplets", code, expected, found), (mistake.Pointer, mistake.Code, mistake.Expected, mistake.Found));
        Assert.Equal([row, column], mistake.Index!);
    }

    [Theory]
    [InlineData("[[0,1]]", "shape_mismatch", "[1, 2]")]
    [InlineData("[0,1,2]", "rank_mismatch", "[3]")]
    public void Triplets_OfAnotherShape_AreRefusedWithTheirOwn(string triplets, string code, string found)
    {
        Mistake mistake = Assert.Single(Bench.MistakesOf("batch_all_triplet_loss", $$"""{{{Vectors}},"triplets":{{triplets}}}"""));
        Assert.Equal(("/triplets", code, "[T, 3]", found), (mistake.Pointer, mistake.Code, mistake.Expected, mistake.Found));
    }

    // From 0 the positive is 1 away, the negatives 3 and 4; from 1 they are 2 and 3 away. With beta 2 and margin 2 the
    // positives cost 1, the negatives 1, 0, 2 and 1; each positive pair stands in two triplets.
    [Theory]
    [InlineData("pairs", 0, 6, 2 + 4)]
    [InlineData("triplets", 0, 8, 4 + 4)]
    [InlineData("pairs", 0.5, 6 + (0.5 * 2 * 6), 2 + 4)]
    [InlineData("triplets", 0.5, 8 + (0.5 * 2 * 4), 4 + 4)]
    public void Margin_OfPairsOrOfTriplets_CountsEachAsOftenAsItSays(string form, double nu, double sum, long tuples)
    {
        Question question = Question.Of("margin_loss", """
            {"embeddings":[[0],[1],[3],[4]],"labels":[0,0,1,2],"normalize_embeddings":false,"beta":2,"margin":2,"reducer":"tuples",
             "mask":[true,true,true,true]}
            """).With("form", form).With("nu", nu).With("positive_pairs", Rows([0, 1, 1, 0], 2))
            .With("negative_pairs", Rows([0, 2, 0, 3, 1, 2, 1, 3], 2)).Without("labels");
        Answer answer = Bench.Ask(question);
        Assert.Equal(new Normalizer("pairs", tuples), answer.Normalizer);
        Assert.Equal(sum / tuples, answer.Loss!.Value, 1e-15);
    }

    // The same batch with a beta for each class: only the anchors 0 and 1 have a positive, but 3 and 4 have negatives.
    [Fact]
    public void Margin_WithABetaPerClass_TakesTheAnchorsAndAnswersItsSlope()
    {
        Answer answer = Bench.Ask("margin_loss", """
            {"embeddings":[[0],[1],[3],[4]],"labels":[0,0,1,1],"normalize_embeddings":false,"betas":[2,2.5],"margin":2,"nu":0.25,
             "reduction":"none","gradients":["betas"]}
            """);
        Assert.Equal([1 + 1 + 0 + (0.25 * 3 * 2), 1 + 2 + 1 + (0.25 * 3 * 2), 0.5 + 1.5 + 2.5 + (0.25 * 3 * 2.5), 0.5 + 0.5 + 1.5 + (0.25 * 3 * 2.5)], answer.Losses);
        Assert.Equal([-1 + 1 - 1 + 2 + (0.25 * 6), -1 + 2 - 1 + 2 + (0.25 * 6)], answer.Gradients["betas"]);
    }

    [Fact]
    public void Labels_BesideABetaPerClass_AreItsIndices()
    {
        const string Batch = """ "embeddings":[[0],[1],[3]],"labels":[-7,0,2] """;
        Assert.Empty(Bench.MistakesOf("margin_loss", $"{{{Batch}}}"));
        Mistake mistake = Assert.Single(Bench.MistakesOf("margin_loss", $$"""{{{Batch}},"betas":[1,1]}"""));
        Assert.Equal(("/labels", Codes.ClassOutOfRange, "an integer from 0 to 1", "-7", 2),
            (mistake.Pointer, mistake.Code, mistake.Expected, mistake.Found, mistake.Count));
    }

    [Fact]
    public void Tuples_WithMaskedSamples_LeaveTheBatchButAreJudged()
    {
        const string Masked = Vectors + ""","mask":[true,true,true,false,true] """;
        Answer some = Bench.Ask("batch_all_triplet_loss", $$"""{{{Masked}},"triplets":[[0,2,3],[0,2,1],[3,1,0]],"return_tuples":true}""");
        Assert.Equal([0, 2, 1], some.Outputs["tuples"]);
        Assert.Equal(Bench.Ask("batch_all_triplet_loss", $$"""{{{Vectors}},"triplets":[[0,2,1]]}""").Loss, some.Loss);
        Assert.Equal("/triplets", Assert.Single(Bench.MistakesOf("batch_all_triplet_loss", $$"""{{{Masked}},"triplets":[[3,9,0]]}""")).Pointer);
    }

    // 512 samples of two classes form 33 million triplets.
    [Fact]
    public void Tuples_TooManyForAnAnswer_AreRefused()
    {
        const int Samples = 512;
        Question question = Question.Of("batch_all_triplet_loss", """{"return_tuples":true}""")
            .With("embeddings", new Given([.. Enumerable.Range(0, Samples).Select(i => (double)i)], [Samples, 1]))
            .With("labels", new Given([.. Enumerable.Range(0, Samples).Select(i => i % 2.0)], [Samples]));
        Mistake mistake = Assert.Single(Bench.MistakesOf(question));
        Assert.Equal(("/return_tuples", Codes.LimitExceeded, Oversize.Limit), (mistake.Pointer, mistake.Code, mistake.Limit));
    }

    // 3,000 samples, each of its own class, form nine million negative pairs.
    [Theory]
    [InlineData("nt_xent_loss")]
    [InlineData("supcon_loss")]
    public void Pairs_TooManyForAnAnswer_AreRefused(string loss)
    {
        double[] samples = [.. Enumerable.Range(0, 3000).Select(i => (double)i)];
        Mistake mistake = Assert.Single(Bench.MistakesOf(Question.Of(loss, """{"return_tuples":true}""")
            .With("embeddings", new Given(samples, [samples.Length, 1])).With("labels", new Given(samples, [samples.Length]))));
        Assert.Equal(("/return_tuples", Codes.LimitExceeded, Oversize.Limit), (mistake.Pointer, mistake.Code, mistake.Limit));
    }

    private static Given Rows(double[] places, int width) => new(places, [places.Length / width, width], Slicing.Places);

    private static double[] PairsWhere(Func<int, int, bool> meet) => [.. Enumerable.Range(0, 5)
        .SelectMany(a => Enumerable.Range(0, 5).Where(b => b != a && meet(a, b)).SelectMany(b => new double[] { a, b }))];
}

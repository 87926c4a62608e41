using LossService.Engine;
using LossService.Engine.Cards;
using LossService.Engine.Families;
using LossService.Tests.Engine.Harness;
using Xunit;

namespace LossService.Tests.Engine;

/// <summary>Losses of ranked lists: published numbers, masks, groups, ties, and lists with nothing to rank.</summary>
[Trait("Set", "Engine")]
public sealed class ListTests
{
    private const string Three = """ "scores":[[0.5,1.2,-0.3]],"relevance":[[2,0,1]] """;

    public static TheoryData<string> Losses =>
        [.. Catalogue.All.Where(loss => loss.Card.PlaceOfInput("list_mask") >= 0).Select(loss => loss.Card.Name)];

    /// <summary>The catalogue's appendix A.</summary>
    [Theory]
    [InlineData("ranknet_loss", "", 3.175699992815988, -0.9782132910, 1.4857622484, -0.5075489574)]
    [InlineData("listnet_loss", "", 1.3749202248232684, -0.376480800851436, 0.491460970616181, -0.114980169764744)]
    [InlineData("listmle_loss", "", 2.943572127181449, -0.7112398451, 1.3990660200, -0.6878261749)]
    [InlineData("approx_ndcg_loss", ",\"temperature\":1", -0.6768998073705355, -0.0629430772, 0.0409523473, 0.0219907298)]
    public void Loss_OfThreeElements_IsAsComputed(string loss, string parameters, double expected, double first, double second, double third)
    {
        Answer answer = Bench.Ask(loss, $$"""{{{Three}}{{parameters}}}""");
        Assert.Equal(expected, answer.Loss!.Value, 4e-15);
        Assert.All(new[] { first, second, third }.Zip(answer.Gradients["scores"]), pair => Assert.Equal(pair.First, pair.Second, 2e-10));
    }

    // allrank/models/losses/lambdaLoss.py: all pairs of ndcgLoss1_scheme count, those of elements with themselves too.
    [Theory]
    [InlineData("ndcg_loss1", 99)]
    [InlineData("ndcg_loss1", 2)]
    [InlineData("ndcg_loss2", 2)]
    [InlineData("ndcg_loss2pp", 99)]
    [InlineData("lambdarank", 99)]
    public void Lambdarank_ByPresetAllrank_IsAsItsCodeHasIt(string scheme, int k)
    {
        double[] scores = [1.2, 0.5, 0.4, -0.3]; // in the order of ranks, as the code sorts them
        double[] relevance = [0, 2, 1, 2];
        double[] d = [.. Enumerable.Range(1, 5).Select(rank => Math.Log2(1 + rank))];
        double ideal = relevance.OrderDescending().Select((y, i) => (Math.Pow(2, y) - 1) / d[i]).Take(k).Sum();
        double[] g = [.. relevance.Select(y => (Math.Pow(2, y) - 1) / ideal)];
        double expected = 0;
        foreach ((int i, int j) in from i in Enumerable.Range(0, 4) from j in Enumerable.Range(0, 4) select (i, j))
        {
            int apart = Math.Abs(i - j);
            double gap = Math.Abs(g[i] - g[j]);
            double two = apart == 0 ? 0 : gap * Math.Abs((1 / d[apart - 1]) - (1 / d[apart]));
            double swap = gap * Math.Abs((1 / d[i]) - (1 / d[j]));
            double weight = scheme switch
            {
                "ndcg_loss1" => g[i] / d[i],
                "ndcg_loss2" => two,
                "ndcg_loss2pp" => (10 * two) + swap,
                _ => swap,
            };
            bool counts = Math.Max(i, j) < k && (scheme == "ndcg_loss1" || relevance[i] > relevance[j]);
            expected += counts ? weight * Math.Log2(1 + Math.Exp(scores[j] - scores[i])) : 0;
        }

        Answer answer = Bench.Ask("lambdarank_loss", $$"""
            {"scores":[[1.2,0.5,0.4,-0.3]],"relevance":[[0,2,1,2]],"preset":"allrank","scheme":"{{scheme}}","k":{{k}}}
            """);
        Assert.Equal(expected, answer.Loss!.Value, 1e-14);
    }

    // A list is a block, and one of 8192 takes a second: who left, and who is shorter, waits for less than that.
    [Theory]
    [MemberData(nameof(Losses))]
    public void List_OfManyPairs_PollsForEachBlocksWorthOfThem(string loss)
    {
        if (EveryLoss.Card(loss).Cost != Cost.Quadratic)
        {
            return;
        }

        const int Length = 600;
        int polls = 0;
        string scores = string.Join(',', Enumerable.Range(0, Length).Select(i => (i * 7) % 5));
        string relevance = string.Join(',', Enumerable.Range(0, Length).Select(i => (i * 3) % 4));
        Bench.Ask(Question.Of(loss, $$"""{"scores":[[{{scores}}]],"relevance":[[{{relevance}}]]}"""), new(Bench.Pool) { Polling = () => polls++ });
        Assert.InRange(polls, Length * Length / 2 / Driver.BlockItems, 10 * Length);
    }

    [Fact]
    public void Ranknet_OverPairs_IsAsComputed() =>
        Assert.Equal(1.058566664271996, Bench.Ask("ranknet_loss", $$"""{{{Three}},"mean_over":"pairs"}""").Loss!.Value, 1e-15);

    /// <summary>TensorFlow Ranking's documentation of each of its Keras losses, at y_true [[1, 0]] and y_pred [[0.6, 0.8]];
    /// those of pairs also take the mean over the two elements.</summary>
    [Theory]
    [InlineData("pairwise_hinge_loss", 2 * 0.6)]
    [InlineData("ranknet_loss", 2 * 0.39906943)]
    [InlineData("softmax_rank_loss", 0.7981389)]
    [InlineData("listmle_loss", 0.7981389)]
    [InlineData("approx_mrr_loss", -0.53168947)]
    [InlineData("approx_ndcg_loss", -0.655107)]
    public void Loss_OfTensorFlowRankingsDocumentation_IsAsPublished(string loss, double expected) => Assert.Equal(
        expected, Bench.Ask(loss, """{"scores":[[0.6,0.8]],"relevance":[[1,0]]}""").Loss!.Value, 2e-7);

    [Theory]
    [MemberData(nameof(Losses))]
    public void Mask_OfElements_IsAsIfTheyWereNotThere(string loss)
    {
        foreach (string rest in new[] { "", ",\"hessian\":\"diagonal\"" })
        {
            if (rest.Length > 0 && !EveryLoss.Card(loss).HasHessian)
            {
                continue;
            }

            Answer kept = Bench.Ask(loss, $$"""{{{Three}}{{rest}}}""");
            Answer hidden = Bench.Ask(loss,
                $$"""{"scores":[[0.5,"NaN",1.2,-0.3,"Infinity"]],"relevance":[[2,"NaN",0,1,7]],"list_mask":[[true,false,true,true,false]]{{rest}}}""");
            Answer.AssertSameBits([kept.Loss!.Value], [hidden.Loss!.Value], loss);
            foreach ((string name, double[] few) in kept.All().Where(part => part.Values.Length == 3))
            {
                double[] all = hidden.All().Single(part => part.Name == name).Values;
                Answer.AssertSameBits([few[0], 0, few[1], few[2], 0], all, $"{name} of {loss}");
            }
        }
    }

    [Theory]
    [MemberData(nameof(Losses))]
    public void Groups_BySizesOrIds_AreTheRowsOfTheirLists(string loss)
    {
        const string Flat = """ "scores":[0.5,1.2,-0.3,0.25,-1,0.75],"relevance":[2,0,1,0,1,3],"reduction":"none" """;
        Answer rows = Bench.Ask(loss,
            """{"scores":[[0.5,1.2,-0.3],[0.25,-1,0.75]],"relevance":[[2,0,1],[0,1,3]],"reduction":"none"}""");
        Answer sizes = Bench.Ask(loss, $$"""{{{Flat}},"group_sizes":[3,3]}""");
        Answer ids = Bench.Ask(loss, $$"""{{{Flat}},"group_ids":[4,4,4,9,9,9]}""");
        Answer.AssertSameBits(rows, sizes, loss);
        Answer.AssertSameBits(rows, ids, loss);

        Answer gaps = Bench.Ask(loss, $$"""{{{Flat}},"group_sizes":[0,3,0,3]}""");
        Assert.Equal([0, rows.Losses[0], 0, rows.Losses[1]], gaps.Losses);
        Assert.Contains(gaps.Notes, note => note is { Code: "no_positives", Count: 2 });
        Answer.AssertSameBits(rows.Gradients["scores"], gaps.Gradients["scores"], loss);

        Answer masked = Bench.Ask(loss,
            """{"scores":["NaN",1.2,0.25,-1,0.75],"relevance":[2,"NaN",0,1,3],"group_sizes":[2,3],"mask":[false,true],"reduction":"none"}""");
        Answer.AssertSameBits([0, rows.Losses[1]], masked.Losses, loss);
    }

    [Theory]
    [InlineData("""{"scores":[1,2,3],"relevance":[1,0,0],"group_sizes":[1,1]}""", "/group_sizes", Codes.ShapeMismatch)]
    [InlineData("""{"scores":[1,2,3],"relevance":[1,0,0],"group_sizes":[-1,4]}""", "/group_sizes", Codes.DomainError)]
    [InlineData("""{"scores":[1,2,3],"relevance":[1,0,0],"group_sizes":[1.5,1.5]}""", "/group_sizes", Codes.DomainError)]
    [InlineData("""{"scores":[1,2,3],"relevance":[1,0,0],"group_ids":[1,2,1]}""", "/group_ids", Codes.DomainError)]
    [InlineData("""{"scores":[1,2,3],"relevance":[1,0,0],"group_ids":[1,2]}""", "/group_ids", Codes.ShapeMismatch)]
    [InlineData("""{"scores":[[1,2,3]],"relevance":[[1,0,0]],"group_sizes":[3]}""", "/group_sizes", Codes.OptionConflict)]
    [InlineData("""{"scores":[[1,2,3],[1,2,3]],"relevance":[[1,0,0],[1,0,0]],"list_mask":[true,true,false]}""", "/list_mask", Codes.RankMismatch)]
    [InlineData("""{"scores":[[1,2,3]],"relevance":[[1,0,-1]]}""", "/relevance", Codes.DomainError)]
    [InlineData("""{"scores":[[1,2,3]],"relevance":[[1,0]]}""", "/relevance", Codes.ShapeMismatch)]
    public void Lists_ThatDoNotFit_AreRefused(string json, string pointer, string code)
    {
        Mistake mistake = Assert.Single(Bench.MistakesOf("lambdarank_loss", json));
        Assert.Equal((pointer, code), (mistake.Pointer, mistake.Code));
    }

    [Fact]
    public void List_LongerThanItsLossTakes_IsRefused()
    {
        int length = AxisMax.Paired + 1;
        Question question = Question.Of("ranknet_loss", "{}")
            .With("scores", new Given(new double[length], [length]))
            .With("relevance", new Given(new double[length], [length]));
        Mistake mistake = Assert.Single(Bench.MistakesOf(question));
        Assert.Equal((Codes.LimitExceeded, "paired_axis"), (mistake.Code, mistake.Limit));
        var sizes = new Given([length - 1, 1], [2]);
        Assert.Empty(Bench.MistakesOf(question.With("group_sizes", sizes)));
    }

    [Theory]
    [MemberData(nameof(Losses))]
    public void List_WithNothingToRank_CostsNothingAndSaysSo(string loss)
    {
        // A cross-entropy compares distributions, and one of equal relevances is as good as any other.
        bool ranks = loss is not ("listnet_loss" or "listmle_loss");
        Answer empty = Bench.Ask(loss, """{"scores":[[1,2]],"relevance":[[0,0]],"list_mask":[[false,false]]}""");
        Answer flat = ranks ? Bench.Ask(loss, """{"scores":[[1,2]],"relevance":[[0,0]]}""") : empty;
        Assert.All(new[] { empty, flat }, answer =>
        {
            Assert.Equal(0, answer.Loss);
            Assert.Equal([0, 0], answer.Gradients["scores"]);
            Assert.Contains(answer.Notes, note => note is { Code: "no_positives", Count: 1 });
        });
    }

    [Theory]
    [MemberData(nameof(Losses))]
    public void Gradient_OfAnyList_SumsToZeroAndFollowsAPermutation(string loss)
    {
        for (int seed = 0; seed < 20; seed++)
        {
            Question question = new Samples(EveryLoss.Card(loss), seed).Draw(new() { Form = 1, Extras = false, Row = 3 + seed });
            double[] slopes = Bench.Ask(question).Gradients["scores"];
            double size = slopes.Max(Math.Abs);
            Assert.InRange(slopes.Sum(), -1e-14 * size * slopes.Length, 1e-14 * size * slopes.Length);

            int[] order = [.. Enumerable.Range(0, slopes.Length)];
            new Random(seed).Shuffle(order);
            Question shuffled = question;
            foreach ((string name, Given given) in question.Inputs)
            {
                shuffled = shuffled.With(name, given with { Values = [.. order.Select(from => given.Values[from])] });
            }

            double[] moved = Bench.Ask(shuffled).Gradients["scores"];
            Assert.All(order.Select((from, to) => (slopes[from], moved[to])), pair => Assert.Equal(pair.Item1, pair.Item2, 1e-13 * size));
        }
    }

    [Fact]
    public void ListMle_WithASeed_DrawsTheOrderOfEqualsAndNothingElse()
    {
        string[] ties = [.. Enumerable.Range(0, 40).Select(seed => FormattableString.Invariant(
            $$"""{"scores":[[0.5,1.2,-0.3,2]],"relevance":[[1,0,1,1]],"seed":{{seed}}}"""))];
        double[] losses = [.. ties.Select(json => Bench.Ask("listmle_loss", json).Loss!.Value)];
        Assert.Equal(6, losses.Distinct().Count()); // 3! orders
        Assert.Equal(losses, ties.Select(json => Bench.Ask("listmle_loss", json).Loss!.Value));
        Assert.Equal(
            Bench.Ask("listmle_loss", $$"""{{{Three}}}""").Loss, Bench.Ask("listmle_loss", $$"""{{{Three}},"seed":3}""").Loss);
    }

    [Fact]
    public void LambdaRank_OfLightGbm_HasItsSlopesAndCurvatures()
    {
        // LambdarankNDCG::GetGradientsForOneQuery by hand: two elements, the better one second.
        const double Delta = 1.0; // of scores
        double discount = 1 - (1 / Math.Log2(3));
        double weight = discount / (0.01 + Delta);
        double rho = 1 / (1 + Math.Exp(-Delta));
        double sum = 2 * weight * rho;
        double factor = Math.Log2(1 + sum) / sum;
        Answer answer = Bench.Ask("lambdarank_loss",
            """{"scores":[[0,1]],"relevance":[[1,0]],"preset":"lightgbm","hessian":"diagonal"}""");
        Assert.Equal(-weight * rho * factor, answer.Gradients["scores"][0], 1e-15);
        Assert.Equal(weight * rho * factor, answer.Gradients["scores"][1], 1e-15);
        Assert.Equal(weight * rho * (1 - rho) * factor, answer.Hessians["scores"][0], 1e-15);
    }
}

using LossService.Engine.Cards;
using LossService.Tests.Engine.Harness;
using Xunit;

namespace LossService.Tests.Engine;

/// <summary>The Hessians that libraries of boosted trees use instead of the exact one, and the floor under them.</summary>
[Trait("Set", "Engine")]
public sealed class HessianFormsTests
{
    public static TheoryData<string, string> Forms
    {
        get
        {
            var data = new TheoryData<string, string>();
            foreach (LossCard card in LossService.Engine.Catalogue.All.Select(loss => loss.Card))
            {
                foreach (HessianForm form in card.HessianForms)
                {
                    data.Add(card.Name, form.Word);
                }
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Forms))]
    public void Hessian_OfAForm_IsTheExactOneTimesItsFactor(string loss, string word)
    {
        HessianForm form = EveryLoss.Card(loss).HessianForms.Single(form => form.Word == word);
        for (int seed = 0; seed < 20; seed++)
        {
            Question question = new Samples(EveryLoss.Card(loss), 1100 + seed).Draw(new() { Form = 0, Samples = 4, Plain = true });
            question = form.HasGradient ? question.Without("grad_output") : question;
            Answer exact = Bench.Ask(question.With("hessian", "diagonal"));
            Answer answer = Bench.Ask(question.With("hessian", word));
            double classes = question.Inputs.Values.First().Shape.ElementAtOrDefault(1);
            double factor = form.Factor * (form.ByClasses ? classes / Math.Max(1, classes - 1) : 1);
            Answer.AssertSameBits(exact.Losses, answer.Losses, loss);
            foreach ((string input, double[] curves) in exact.Hessians)
            {
                Answer.AssertSameBits(exact.Gradients[input], answer.Gradients[input], loss);
                bool isPrediction = EveryLoss.Card(loss).Inputs.Single(one => one.Name == input).Gradient == GradientRule.Default;
                double[] slopes = exact.Gradients[input];
                double[] expected = [.. curves.Select((curve, i) => !isPrediction ? factor * curve
                    : form.IsMagnitude ? Math.Abs(slopes[i]) : (factor * curve) + (form.GradientShare * slopes[i]))];
                Assert.All(expected.Zip(answer.Hessians[input], slopes), triple => Assert.True(
                    Math.Abs(triple.First - triple.Second) <= 4e-16 * (Math.Abs(triple.First) + Math.Abs(triple.Third))
                    || !double.IsFinite(triple.First),
                    $"{triple} of {question}"));
            }
        }
    }

    [Theory]
    [MemberData(nameof(EveryLoss.WithHessian), MemberType = typeof(EveryLoss))]
    public void Hessian_BelowItsFloor_IsRaisedToItBeforeWeights(string loss)
    {
        const double Floor = 0.25;
        for (int seed = 0; seed < 20; seed++)
        {
            Question question = new Samples(EveryLoss.Card(loss), 1200 + seed)
                .Draw(new() { Form = 0, Samples = 5, Extras = false, Ignored = false, Independent = true, Reduction = "none" })
                .With("hessian", "diagonal");
            question = Bench.Frozen(question);
            Answer exact = Bench.Ask(question);
            // Where samples meet, one that is masked would change the others.
            bool masks = !EveryLoss.Card(loss).SamplesMeet;
            Question weighted = question.With("sample_weight", new Given([1, 2, 0, 3, 1], [5], Slicing.FirstAxis));
            weighted = masks ? weighted.With("mask", new Given([1, 1, 1, 1, 0], [5], Slicing.FirstAxis)) : weighted;
            double[] weights = [1, 2, 0, 3, masks ? 0 : 1];
            Answer raised = Bench.Ask(weighted.With("hessian_floor", Floor));
            // What several items share is a sum, each part of which has its own floor.
            foreach ((string input, double[] curves) in exact.Hessians.Where(one => one.Value.Length >= exact.Losses.Length))
            {
                double[] expected = [.. curves.Select((curve, i) =>
                    weights[i / Math.Max(1, curves.Length / 5)] is var weight && weight == 0 ? 0
                        : weight * (curve < Floor ? Floor : curve))];
                Assert.All(expected.Zip(raised.Hessians[input], curves), triple => Assert.True(
                    Math.Abs(triple.First - triple.Second) <= 1e-14 * Math.Abs(triple.First) || !double.IsFinite(triple.Third),
                    $"{triple} of {weighted}"));
            }
        }
    }

    [Fact]
    public void CrossEntropy_InBoostersForms_HasTheirFactors()
    {
        double[] exact = Curves("diagonal");
        Assert.Equal(exact.Select(curve => 2 * curve), Curves("xgboost"));
        Assert.Equal(exact.Select(curve => 2 * curve), Curves("upper_bound"));
        Assert.All(exact.Zip(Curves("lightgbm")), pair => Assert.Equal(1.5 * pair.First, pair.Second, 1e-16));

        static double[] Curves(string word) => Bench.Ask("cross_entropy",
            $$"""{"logits":[[2,1,0.1]],"targets":[0],"hessian":"{{word}}","preset":"xgboost"}""").Hessians["logits"];
    }

    /// <summary>XGBoost: |p - y| of a softmax from its pull request 12537 on, (μ + y) / 2 of a Poisson rate, 1 or the least
    /// normal float of a hinge; with their floors, which no factor moves.</summary>
    [Fact]
    public void XgboostsForms_AreItsNumbers()
    {
        Answer softmax = Bench.Ask("cross_entropy",
            """{"logits":[[2,1,0.1]],"targets":[0],"hessian":"abs_gradient","preset":"xgboost"}""");
        Assert.Equal(softmax.Gradients["logits"].Select(Math.Abs), softmax.Hessians["logits"]);

        Answer poisson = Bench.Ask("poisson_nll_loss", """{"predictions":[0.5,-1],"targets":[2,0],"hessian":"xgboost","preset":"xgboost"}""");
        Assert.Equal((Math.Exp(0.5) + 2) / 2, poisson.Hessians["predictions"][0], 1e-15);
        Assert.Equal(Math.Exp(-1) / 2, poisson.Hessians["predictions"][1], 1e-15);

        Answer hinge = Bench.Ask("hinge_loss",
            """{"predictions":[0.5,2,-3],"targets":[1,1,0],"weight":[2,1,1],"hessian":"xgboost","preset":"xgboost"}""");
        Assert.Equal([2, 1.17549435e-38, 1.17549435e-38], hinge.Hessians["predictions"]);

        Answer floored = Bench.Ask("cross_entropy",
            """{"logits":[[500,0]],"targets":[0],"hessian":"xgboost","hessian_floor":0.125}""");
        Assert.Equal([0.125, 0.125], floored.Hessians["logits"]);
        Answer ranked = Bench.Ask("ranknet_loss",
            """{"scores":[[900,0]],"relevance":[[1,0]],"hessian":"xgboost","hessian_floor":0.125}""");
        Assert.Equal([0.125, 0.125], ranked.Hessians["scores"]);
    }

    [Fact]
    public void Hessian_OfListsOneBehindTheOther_IsRaisedByTheWeightOfItsListAndNotWhereHidden() => Assert.Equal(
        [8, 8, 8, 12, 0],
        Bench.Ask("ranknet_loss",
            """{"scores":[3,1,2,2,1],"relevance":[1,0,2,1,0],"group_sizes":[3,2],"list_mask":[true,true,true,true,false],"sample_weight":[2,3],"hessian":"diagonal","hessian_floor":4,"reduction":"sum"}""")
            .Hessians["scores"]);

    [Fact]
    public void L1_UnderLightGbm_HasHessianOneTimesTheWeight() => Assert.Equal(
        [1, 2.5],
        Bench.Ask("l1_loss", """{"predictions":[3,1],"targets":[1,2],"weight":[1,2.5],"hessian":"diagonal","preset":"lightgbm"}""")
            .Hessians["predictions"]);
}

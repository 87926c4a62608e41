using LossService.Tests.Engine.Harness;
using Xunit;

namespace LossService.Tests.Engine;

/// <summary>What mathematics says must hold between losses, or within one (the end of the catalogue's appendix A).</summary>
[Trait("Set", "Engine")]
public sealed class PropertyTests
{
    private static readonly string[] Softmaxes = ["cross_entropy", "multi_positive_softmax_cross_entropy", "kd_loss"];

    [Fact]
    public void Focal_WithoutFadingAtAlphaOneHalf_IsHalfTheBinaryCrossEntropy()
    {
        Question bce = Draw("binary_cross_entropy_with_logits", 1);
        Question focal = Question.Of("sigmoid_focal_loss", """{"alpha":0.5,"gamma":0,"reduction":"none"}""")
            .With("logits", bce.Inputs["logits"]).With("targets", bce.Inputs["targets"]);
        Near(Bench.Ask(bce).Losses.Select(loss => loss / 2), Bench.Ask(focal).Losses, 2e-15);
        Near(Bench.Ask(bce).Gradients["logits"].Select(slope => slope / 2), Bench.Ask(focal).Gradients["logits"], 1e-15, 1);
    }

    [Fact]
    public void CrossEntropy_OfTwoClasses_IsTheBinaryOneOfTheirDifference()
    {
        for (double z0 = -30; z0 <= 30; z0 += 7.5)
        {
            for (double z1 = -30; z1 <= 30; z1 += 3.75)
            {
                foreach (int label in new[] { 0, 1 })
                {
                    Answer soft = Bench.Ask("cross_entropy", Json($"{{'logits':[[{z0:R},{z1:R}]],'targets':[{label}]}}"));
                    Answer binary = Bench.Ask("binary_cross_entropy_with_logits", Json($"{{'logits':[{z1 - z0:R}],'targets':[{label}]}}"));
                    Near([binary.Loss!.Value], [soft.Loss!.Value], 4e-15);
                    double slope = binary.Gradients["logits"][0];
                    Near([-slope, slope], soft.Gradients["logits"], 4e-15);
                }
            }
        }
    }

    [Fact]
    public void KlDivergence_OfAnyForms_IsCrossEntropyLessEntropy()
    {
        for (int seed = 0; seed < 60; seed++)
        {
            Question kl = new Samples(EveryLoss.Card("kl_divergence"), seed).Draw(new() { Extras = false }).With("class_reduction", "sum");
            Question cross = On("distribution_cross_entropy", kl);
            Question entropy = On("entropy", kl);
            Answer answer = Bench.Ask(kl);
            double[] h = Bench.Ask(entropy).Losses;
            double[] ce = Bench.Ask(cross).Losses;
            Near(ce.Zip(h, (left, right) => left - right), answer.Losses, 1e-14, ce.Append(1).Max());
            (string Name, double Value)[] told = [.. answer.Notes.Single(note => note.Code == "identity").Values!];
            if (kl.Parameters["reduction"] == 1)
            {
                Near([ce.Sum(), h.Sum()], [told[0].Value, told[1].Value], 1e-14, ce.Append(1).Max());
            }
        }
    }

    [Fact]
    public void CrossEntropy_OfOneHotRows_IsThatOfTheirIndices()
    {
        for (int seed = 0; seed < 30; seed++)
        {
            Question byIndex = new Samples(EveryLoss.Card("cross_entropy"), seed).Draw(new()
            {
                Form = 0,
                Plain = true,
                Samples = 5,
                Row = 2 + (seed % 9),
                Extras = false,
                Ignored = false,
            });
            int classes = byIndex.Inputs["logits"].Shape[1];
            var random = new Random(seed);
            double[] labels = [.. Enumerable.Range(0, 5).Select(_ => (double)random.Next(classes))];
            double[] rows = [.. labels.SelectMany(label => Enumerable.Range(0, classes).Select(c => c == label ? 1.0 : 0))];
            Answer index = Bench.Ask(byIndex.With("targets", new Given(labels, [5], Slicing.FirstAxis)));
            Answer oneHot = Bench.Ask(byIndex.With("targets", new Given(rows, [5, classes], Slicing.FirstAxis)));
            Near(index.Losses, oneHot.Losses, 1e-14);
            Near([index.Loss ?? 0], [oneHot.Loss ?? 0], 1e-14);
            Near(index.Gradients["logits"], oneHot.Gradients["logits"], 1e-15, 1);
        }
    }

    [Theory]
    [InlineData(0.25)]
    [InlineData(1)]
    [InlineData(3)]
    public void SmoothL1_OfAnyBeta_IsHuberDividedByIt(double beta)
    {
        Question smooth = Draw("smooth_l1_loss", 2).With("beta", beta);
        Question huber = On("huber_loss", smooth).With("delta", beta);
        Near(Bench.Ask(huber).Losses.Select(loss => loss / beta), Bench.Ask(smooth).Losses, 4e-16, 4);
        Near(Bench.Ask(huber).Gradients["predictions"].Select(slope => slope / beta), Bench.Ask(smooth).Gradients["predictions"], 4e-16, 4);
    }

    [Fact]
    public void SmoothL1_OfBetaZero_IsL1()
    {
        Question smooth = Draw("smooth_l1_loss", 3).With("beta", 0);
        Answer.AssertSameBits(Bench.Ask(On("l1_loss", smooth)), Bench.Ask(smooth), "beta 0");
    }

    [Theory]
    [InlineData("triplet_margin_loss", "l2,squared_l2,l1,lp")]
    [InlineData("contrastive_loss", "l2,squared_l2,l1,lp")]
    public void TupleGradients_OfADistanceOfDifferences_SumToZero(string loss, string distances)
    {
        foreach (string distance in distances.Split(','))
        {
            for (int seed = 0; seed < 20; seed++)
            {
                Question question = new Samples(EveryLoss.Card(loss), seed).Draw(new() { Form = 0, Samples = 6, Untouched = ["p", "eps"] })
                    .With("distance", distance);
                Answer answer = Bench.Ask(question);
                double[][] parts = [.. answer.Gradients.Values];
                for (int i = 0; i < parts[0].Length; i++)
                {
                    double size = parts.Max(part => Math.Abs(part[i]));
                    Assert.True(Math.Abs(parts.Sum(part => part[i])) <= 1e-14 * size, $"{question}");
                }
            }
        }
    }

    [Fact]
    public void SoftmaxLosses_ShiftedByAConstantARow_StayAndTheirGradientsSumToZero()
    {
        foreach (string loss in Softmaxes)
        {
            for (int seed = 0; seed < 40; seed++)
            {
                Question question = new Samples(EveryLoss.Card(loss), seed).Draw(new() { Form = 0, Samples = 4, Plain = true });
                string scores = question.Card.Inputs[0].Name;
                Given given = question.Inputs[scores];
                int classes = given.Shape[1];
                Question shifted = question.With(scores, given with { Values = [.. given.Values.Select((z, i) => z + (8 * (i / classes)))] });
                Answer before = Bench.Ask(question);
                Answer after = Bench.Ask(shifted);
                Near(before.Losses, after.Losses, 2e-13, before.Losses.Append(1).Max(Math.Abs));
                double size = before.Gradients[scores].Append(0).Max(Math.Abs);
                Near(before.Gradients[scores], after.Gradients[scores], 2e-13, size);

                // Targets that weigh nothing leave p Σ w t' - w t', whose sum is 0 whatever the weights.
                double[] sums = [.. before.Gradients[scores].Chunk(classes).Select(row => row.Sum())];
                Near(new double[sums.Length], sums, 1e-14, Math.Max(1, size));
            }
        }
    }

    [Fact]
    public void KdLoss_AtGreatTemperature_IsTheSquaredDistanceOfCentredLogits()
    {
        double[] student = [1, 2, 3, -0.5];
        double[] teacher = [3, 1, 0, 0.25];
        double meanOfStudent = student.Average();
        double meanOfTeacher = teacher.Average();
        double limit = student.Zip(teacher, (s, t) => Math.Pow(s - meanOfStudent - (t - meanOfTeacher), 2)).Sum() / (2 * student.Length);
        Answer answer = Bench.Ask("kd_loss", """{"student_logits":[[1,2,3,-0.5]],"teacher_logits":[[3,1,0,0.25]],"temperature":10000}""");
        Assert.Equal(limit, answer.Loss!.Value, 1e-3);
    }

    /// <summary>Rows that agree correlate fully, whatever is added to them; a student that says the opposite of two classes
    /// has a correlation of -1 along rows and columns.</summary>
    [Theory]
    [InlineData("[[3,2,1],[0,1,5]]", 0)]
    [InlineData("[[1,0,-1],[7,8,12]]", 0)]
    public void DistLoss_OfAStudentThatAgrees_IsNothingButItsEps(string student, double expected)
    {
        Answer answer = Bench.Ask("dist_loss", $$"""{"student_logits":{{student}},"teacher_logits":[[3,2,1],[0,1,5]]}""");
        Assert.Equal(expected, answer.Loss!.Value, 1e-6);
        Assert.All(answer.Gradients["student_logits"], slope => Assert.Equal(0, slope, 1e-6));
    }

    [Fact]
    public void DistLoss_OfAStudentThatSaysTheOpposite_CostsTwiceItsWeights()
    {
        Answer answer = Bench.Ask("dist_loss",
            """{"student_logits":[[0,1],[2,0]],"teacher_logits":[[1,0],[0,2]],"tau":2,"inter_loss_weight":3,"intra_loss_weight":0.5}""");
        Assert.Equal(4 * ((2 * 3) + (2 * 0.5)), answer.Loss!.Value, 1e-5);
    }

    [Fact]
    public void MultiPositive_OfOneClass_IsCrossEntropy()
    {
        Answer many = Bench.Ask("multi_positive_softmax_cross_entropy", """{"logits":[[1,2,0.5]],"targets":[[0,7,0]]}""");
        Answer one = Bench.Ask("cross_entropy", """{"logits":[[1,2,0.5]],"targets":[1]}""");
        Near([one.Loss!.Value], [many.Loss!.Value], 1e-15);
        Near(one.Gradients["logits"], many.Gradients["logits"], 1e-15);
    }

    [Fact]
    public void NllLoss_OfLogSoftmax_IsCrossEntropy()
    {
        double[] z = [0.3, -1.2, 2.5];
        double lse = Math.Log(z.Sum(Math.Exp));
        string logs = string.Join(',', z.Select(x => (x - lse).ToString("R", System.Globalization.CultureInfo.InvariantCulture)));
        Answer nll = Bench.Ask("nll_loss", Json($"{{'log_probabilities':[[{logs}]],'targets':[2]}}"));
        Answer ce = Bench.Ask("cross_entropy", """{"logits":[[0.3,-1.2,2.5]],"targets":[2]}""");
        Near([ce.Loss!.Value], [nll.Loss!.Value], 1e-14);
    }

    [Fact]
    public void HingeEmbedding_OfL2Distances_IsLinearContrastiveLoss()
    {
        Answer pairs = Bench.Ask("contrastive_loss",
            """{"input1":[[0,0],[0,0],[1,1]],"input2":[[3,4],[0.3,0.4],[1.5,1]],"targets":[1,0,1],"reduction":"none"}""");
        Answer distances = Bench.Ask("hinge_embedding_loss", """{"distances":[5,0.5,0.5],"targets":[1,-1,1],"reduction":"none"}""");
        Near(distances.Losses, pairs.Losses, 1e-15);
    }

    private static Question Draw(string loss, int seed) => new Samples(EveryLoss.Card(loss), seed).Draw(new()
    {
        Form = 0,
        Samples = 200,
        Extras = false,
        Settings = false,
        Reduction = "none",
    });

    // The same inputs and common settings, as far as the other loss has them.
    private static Question On(string loss, Question question)
    {
        var other = new Question(EveryLoss.Card(loss));
        foreach ((string name, Given given) in question.Inputs.Where(input => other.Card.PlaceOfInput(input.Key) >= 0))
        {
            other.Inputs[name] = given;
        }

        foreach ((string name, double value) in question.Parameters.Where(parameter => other.Card.PlaceOfParameter(parameter.Key) >= 0))
        {
            other.Parameters[name] = value;
        }

        return other;
    }

    private static string Json(FormattableString text) => FormattableString.Invariant(text).Replace('\'', '"');

    private static void Near(IEnumerable<double> expected, IEnumerable<double> found, double relative, double? scale = null)
    {
        foreach ((double left, double right) in expected.Zip(found))
        {
            Assert.True(Math.Abs(left - right) <= relative * (scale ?? Math.Abs(left)), $"expected {left:R}, found {right:R}");
        }
    }
}

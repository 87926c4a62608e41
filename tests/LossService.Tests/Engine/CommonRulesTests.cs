using LossService.Engine;
using LossService.Engine.Cards;
using LossService.Tests.Engine.Harness;
using Xunit;

namespace LossService.Tests.Engine;

/// <summary>The exact rules of the HTTP contract that hold for every loss alike.</summary>
[Trait("Set", "Engine")]
public sealed class CommonRulesTests
{
    [Theory]
    [MemberData(nameof(EveryLoss.NamesOfSingleSamples), MemberType = typeof(EveryLoss))]
    public void Answer_WithEveryCommonMember_IsThePlainOneTimesTheStatedFactors(string loss)
    {
        for (int seed = 0; seed < EveryLoss.Draws(60); seed++)
        {
            Question plain = Bench.Frozen(Plain(loss, seed));
            AssertRules(AlikeInAMean(plain), seed);
        }
    }

    // An answer once rented room for such a gradient, which nobody filled: it held what others had computed.
    [Theory]
    [MemberData(nameof(EveryLoss.Names), MemberType = typeof(EveryLoss))]
    public void Gradient_OfIntegers_IsRefused(string loss)
    {
        LossCard card = EveryLoss.Card(loss);
        foreach (Input input in card.Inputs.Where(input => input is { Gradient: not GradientRule.Never, MayBeLabel: true }))
        {
            bool[] seen = [false, false];
            for (int seed = 0; seed < 1000 && seen.Contains(false); seed++)
            {
                Question question = new Samples(card, seed).Draw(new() { Samples = 3 });
                if (question.Inputs.ContainsKey(input.Name))
                {
                    IReadOnlyList<Mistake> mistakes = Bench.MistakesOf(question.Copy([card.Inputs[0].Name, input.Name]));
                    bool isInteger = Bench.FormOf(question, input.Name).IsInteger;
                    seen[isInteger ? 1 : 0] = true;
                    Assert.Equal(isInteger ? [("/gradients", Codes.GradientNotAvailable, input.Name)] : [],
                        mistakes.Select(mistake => (mistake.Pointer, mistake.Code, mistake.Found!)));
                }
            }

            Assert.DoesNotContain(false, seen);
        }
    }

    [Theory]
    [MemberData(nameof(EveryLoss.Names), MemberType = typeof(EveryLoss))]
    public void Reduction_Overridden_IsTheOverride(string loss)
    {
        LossCard card = EveryLoss.Card(loss);
        Question question = new Samples(card, 5).Draw(new() { Samples = 4, Reduction = "mean" }).Without("avg_factor", "grad_output");
        foreach (string word in Samples.ReductionsOf(card))
        {
            Question direct = question.With("reduction", word);
            Question overridden = question.With("reduction", word == "sum" ? "mean" : "sum").With("reduction_override", word);
            Answer.AssertSameBits(Bench.Ask(direct), Bench.Ask(overridden), loss);
        }

        Answer.AssertSameBits(Bench.Ask(question), Bench.Ask(question.With("reduction_override", "null")), loss);
    }

    [Theory]
    [MemberData(nameof(EveryLoss.Names), MemberType = typeof(EveryLoss))]
    public void Gradient_UnderABoostersPreset_IsNotDividedByTheMean(string loss)
    {
        LossCard card = EveryLoss.Card(loss);
        Question question = AlikeInAMean(new Samples(card, 6).Draw(new() { Samples = 4, Reduction = "mean", Settings = false }));
        if (card.HasHessian)
        {
            question = question.With("hessian", "diagonal");
        }

        foreach (string booster in new[] { "xgboost", "lightgbm" })
        {
            Question explicitly = question;
            foreach ((string name, string value) in card.Presets.Where(preset => preset.Name == booster).SelectMany(preset => preset.Changes))
            {
                explicitly = explicitly.With(name, value);
            }

            Answer boosted = Bench.Ask(question.With("preset", booster));
            Answer mean = Bench.Ask(explicitly);
            Answer sum = Bench.Ask(explicitly.Without("avg_factor").With("reduction", "sum"));
            Assert.Equal(mean.Loss, boosted.Loss);
            Assert.Equal(mean.Normalizer, boosted.Normalizer);
            foreach ((string input, double[] gradient) in sum.Gradients)
            {
                Answer.AssertSameBits(gradient, boosted.Gradients[input], $"{input} under {booster} of {question}");
            }

            foreach ((string input, double[] hessian) in sum.Hessians)
            {
                Answer.AssertSameBits(hessian, boosted.Hessians[input], $"hessian of {input} under {booster} of {question}");
            }
        }
    }

    [Theory]
    [MemberData(nameof(EveryLoss.NamesOfSingleSamples), MemberType = typeof(EveryLoss))]
    public void Batch_SplitInTwo_RecombinesByTheNormalizers(string loss)
    {
        for (int seed = 0; seed < 12; seed++)
        {
            Question whole = new Samples(EveryLoss.Card(loss), 700 + seed).Draw(new() { Form = 0, Samples = 9, Reduction = "mean", Independent = true })
                .Without("avg_factor", "avg_factor_eps");
            whole = Bench.Frozen(whole);
            Answer all = Bench.Ask(whole);
            Answer left = Bench.Ask(whole.Select(0, 1, 2, 3));
            Answer right = Bench.Ask(whole.Select(4, 5, 6, 7, 8));
            double divisor = left.Normalizer!.Value + right.Normalizer!.Value;
            Assert.Equal(all.Normalizer!.Value, divisor, 1e-12);
            double joined = divisor == 0 ? 0
                : ((left.Loss!.Value * left.Normalizer.Value) + (right.Loss!.Value * right.Normalizer.Value)) / divisor;
            AssertNear(all.Loss!.Value, joined, 1e-13, all.Losses.Sum(Math.Abs), $"{whole}");
        }
    }

    [Theory]
    [MemberData(nameof(EveryLoss.Names), MemberType = typeof(EveryLoss))]
    public void Example_OfEveryCard_RunsInBothPrecisions(string loss)
    {
        foreach (Example example in EveryLoss.Card(loss).Examples)
        {
            Question question = Question.Of(EveryLoss.Card(loss), example.Body);
            Answer wide = Bench.Ask(question);
            Assert.True(double.IsFinite(wide.Loss ?? 0), example.Body);
            Assert.DoesNotContain(wide.All(), part => part.Values.Any(double.IsNaN));
            Bench.Ask(question.AsFloat32());
        }
    }

    [Theory]
    [MemberData(nameof(EveryLoss.Names), MemberType = typeof(EveryLoss))]
    public void Preset_OfEveryCard_Runs(string loss)
    {
        foreach (Preset preset in EveryLoss.Card(loss).Presets)
        {
            Question question = Question.Of(EveryLoss.Card(loss), EveryLoss.Card(loss).Examples[0].Body).With("preset", preset.Name);
            Question explicitly = question.Without("preset");
            foreach ((string name, string value) in preset.Changes)
            {
                explicitly = question.Parameters.ContainsKey(name) ? explicitly : explicitly.With(name, value);
            }

            bool boosted = preset.Name is "xgboost" or "lightgbm";
            Answer.AssertSameBits(
                Bench.Ask(explicitly.With("reduction", boosted ? "sum" : "mean")),
                Bench.Ask(question.With("reduction", boosted ? "sum" : "mean")), $"{preset.Name} of {loss}");
        }
    }

    [Theory]
    [MemberData(nameof(EveryLoss.Names), MemberType = typeof(EveryLoss))]
    public void Gradients_NoneAsked_LeaveTheLossAsItIs(string loss)
    {
        for (int seed = 0; seed < 12; seed++)
        {
            Question question = new Samples(EveryLoss.Card(loss), 800 + seed).Draw(new() { Values = (Values)(seed % 3), Float64 = seed % 2 == 0 });
            Answer with = Bench.Ask(question);
            Answer without = Bench.Ask(question.Copy(gradients: []));
            Assert.Empty(without.Gradients);
            Answer.AssertSameBits([with.Loss ?? 0, .. with.Losses], [without.Loss ?? 0, .. without.Losses], $"{question}");
            foreach (string input in with.Gradients.Keys)
            {
                Answer one = Bench.Ask(question.Copy(gradients: [input]));
                Answer.AssertSameBits(with.Gradients[input], Assert.Single(one.Gradients).Value, $"{input} alone of {question}");
            }
        }
    }

    [Theory]
    [MemberData(nameof(EveryLoss.WithHessian), MemberType = typeof(EveryLoss))]
    public void Hessian_AskedFor_LeavesLossAndGradientsAsTheyAre(string loss)
    {
        for (int seed = 0; seed < 24; seed++)
        {
            Question question = new Samples(EveryLoss.Card(loss), 900 + seed).Draw(new() { Values = (Values)(seed % 3), Float64 = seed % 2 == 0 });
            Answer without = Bench.Ask(question);
            Answer with = Bench.Ask(question.With("hessian", "diagonal"));
            foreach (((string name, double[] expected), (_, double[] found)) in without.All().Zip(with.All()))
            {
                Answer.AssertSameBits(expected, found, $"{name} of {question}");
            }
        }
    }

    [Theory]
    [InlineData("mse_loss", """{"predictions":[1,2,4],"targets":[0,0,0],"weight":[3,0,1],"sample_weight":[1,9,3]}""", "count", 3)]
    [InlineData("mse_loss", """{"predictions":[1,2,4],"targets":[0,0,0],"weight":[3,0,1],"sample_weight":[1,9,3],"weight_normalization":"sum_weights"}""", "sum_weights", 6)]
    [InlineData("mse_loss", """{"predictions":[1,2,4],"targets":[0,0,0],"sample_weight":[1,9,3],"mask":[true,false,true],"weight_normalization":"sum_weights"}""", "sum_weights", 4)]
    [InlineData("cross_entropy", """{"logits":[[1,2],[3,4]],"targets":[0,1],"weight":[2,5]}""", "sum_weights", 7)]
    [InlineData("cross_entropy", """{"logits":[[1,2],[3,4]],"targets":[0,1],"weight":[2,5],"sample_weight":[10,10]}""", "sum_weights", 7)]
    [InlineData("cross_entropy", """{"logits":[[1,2],[3,4]],"targets":[0,1],"weight":[2,5],"sample_weight":[10,3],"weight_normalization":"sum_weights"}""", "sum_weights", 35)]
    [InlineData("cross_entropy", """{"logits":[[1,2],[3,4]],"targets":[0,1],"sample_weight":[10,3],"weight_normalization":"sum_weights"}""", "sum_weights", 13)]
    [InlineData("cross_entropy", """{"logits":[[1,2],[3,4]],"targets":[[1,0],[0.5,0.5]],"weight":[2,6],"sample_weight":[10,3],"weight_normalization":"sum_weights"}""", "sum_weights", 32)]
    [InlineData("cross_entropy", """{"logits":[[1,2],[3,4],[5,6]],"targets":[0,-100,-100],"weight":[2,5],"mask":[true,true,false],"preset":"mmdet"}""", "count", 2)]
    [InlineData("cross_entropy", """{"logits":[[1,2],[3,4],[5,6]],"targets":[0,-100,-100],"weight":[2,5],"preset":"mmdet","avg_non_ignore":true}""", "count", 1)]
    [InlineData("cross_entropy", """{"logits":[[1,2],[3,4]],"targets":[-100,-100],"preset":"mmdet"}""", "count", 2)]
    [InlineData("multi_margin_loss", """{"logits":[[1,2],[3,4]],"targets":[0,1],"weight":[2,5],"sample_weight":[10,3]}""", "count", 2)]
    [InlineData("multi_margin_loss", """{"logits":[[1,2],[3,4]],"targets":[0,1],"weight":[2,5],"weight_normalization":"sum_weights"}""", "sum_weights", 7)]
    [InlineData("multi_margin_loss", """{"logits":[[1,2],[3,4]],"targets":[0,1],"weight":[2,5],"sample_weight":[10,3],"weight_normalization":"sum_weights"}""", "sum_weights", 35)]
    [InlineData("cross_entropy", """{"logits":[[1,2],[3,4]],"targets":[0,1],"weight":[2,5],"mask":[true,false]}""", "sum_weights", 2)]
    [InlineData("cross_entropy", """{"logits":[[1,2],[3,4]],"targets":[0,1],"weight":[2,5],"weight_normalization":"count"}""", "count", 2)]
    [InlineData("cross_entropy", """{"logits":[[1,2],[3,4]],"targets":[[1,0],[0.5,0.5]],"weight":[2,5]}""", "count", 2)]
    [InlineData("nll_loss", """{"log_probabilities":[[-1,-2],[-3,-4]],"targets":[1,1],"weight":[2,5]}""", "sum_weights", 10)]
    [InlineData("kl_divergence", """{"p":[[0.5,0.5],[0.5,0.5]],"q":[[0.5,0.5],[0.5,0.5]],"class_reduction":"none"}""", "count", 4)]
    [InlineData("kl_divergence", """{"p":[[0.5,0.5],[0.5,0.5]],"q":[[0.5,0.5],[0.5,0.5]]}""", "count", 2)]
    [InlineData("kl_divergence", """{"p":[[[0.5],[0.5]]],"q":[[[0.5],[0.5]]],"reduction":"batchmean"}""", "batch", 1)]
    [InlineData("ranknet_loss", """{"scores":[[1,2,4],[1,2,3]],"relevance":[[2,1,1],[0,1,2]],"mean_over":"pairs"}""", "pairs", 5)]
    [InlineData("multi_similarity_loss", """{"embeddings":[[0,1],[1,0],[0.2,1.1],[1.5,0.4]],"labels":[0,1,0,1],"reducer":"nonzero"}""", "nonzero", 4)]
    [InlineData("multi_similarity_loss", """{"embeddings":[[0,1],[1,0],[0.2,1.1],[1.5,0.4]],"positive_pairs":[[0,2],[1,3]],"negative_pairs":[[0,1]],"reducer":"tuples"}""", "pairs", 2)]
    [InlineData("multi_similarity_loss", """{"embeddings":[[0,1],[1,0],[0.2,1.1],[1.5,0.4]],"labels":[0,1,0,1],"reducer":"threshold"}""", "pairs", 4)]
    [InlineData("ranknet_loss", """{"scores":[[1,2,4],[1,2,3]],"relevance":[[2,1,1],[0,1,2]],"mask":[true,false],"mean_over":"pairs"}""", "pairs", 2)]
    [InlineData("ranknet_loss", """{"scores":[1,2,4,1,2],"relevance":[2,1,1,0,1],"group_sizes":[3,0,2]}""", "count", 3)]
    public void Mean_OfWeightedItems_DividesByWhatTheRuleSays(string loss, string json, string rule, double divisor)
    {
        Question question = Question.Of(loss, json).With("return_items", "true");
        Answer answer = Bench.Ask(question);
        Assert.Equal(new Normalizer(rule, divisor), answer.Normalizer);
        Assert.Equal(answer.Losses.Sum() / divisor, answer.Loss!.Value, 1e-15);
    }

    // One question with its common members, and the same without: items, loss and gradients differ by the stated factors.
    private static void AssertRules(Question plain, int seed)
    {
        int samples = plain.Samples;
        var random = new Random(seed);
        double[] weights = [.. Enumerable.Range(0, samples).Select(_ => random.Next(5) / 2.0)];
        double[] mask = [.. Enumerable.Range(0, samples).Select(_ => random.Next(4) > 0 ? 1.0 : 0)];
        double[] upstream = [.. Enumerable.Range(0, samples).Select(_ => random.Next(-4, 5) / 4.0)];
        string reduction = Samples.ReductionsOf(plain.Card)[seed % Samples.ReductionsOf(plain.Card).Length];
        bool none = reduction == "none";
        bool factor = reduction is "mean" or "none" && seed % 4 == 0;
        Question full = plain
            .With("sample_weight", new Given(weights, [samples], Slicing.FirstAxis))
            .With("mask", new Given(mask, [samples], Slicing.FirstAxis))
            .With("grad_output", none ? new Given(upstream, [samples], Slicing.FirstAxis) : new Given([1.5], []))
            .With("loss_weight", -0.75)
            .With("reduction", reduction);
        full = factor ? full.With("avg_factor", 2.5).With("avg_factor_eps", 0.25) : full;
        Answer expected = Bench.Ask(plain);
        Answer found = Bench.Ask(full);

        double items = expected.Losses.Length;
        double[] losses = [.. expected.Losses.Select((item, i) => Sample(i, expected.Losses.Length) is int s && mask[s] != 0 ? item * weights[s] : 0)];
        double divisor = reduction switch
        {
            "mean" when factor => 2.75,
            "mean" when found.Normalizer is { Rule: "pairs" } pairs => pairs.Value,
            "mean" => items / samples * mask.Sum(),
            "batchmean" => samples,
            _ => 1,
        };
        Assert.Equal(reduction is "mean" or "batchmean", found.Normalizer is not null);
        Assert.Equal(divisor, found.Normalizer?.Value ?? 1);
        AssertNear(losses, found.Losses, 1e-15, losses.Append(0).Max(Math.Abs), $"losses of {full}");
        double rho = divisor == 0 ? 0 : 1 / divisor;
        AssertNear(none ? 0 : losses.Sum() * rho * -0.75, found.Loss ?? 0, 1e-14, losses.Sum(Math.Abs), $"loss of {full}");
        foreach ((string input, double[] gradient) in expected.Gradients)
        {
            if (samples > 1 && plain.Inputs[input].Slicing == Slicing.Whole)
            {
                continue; // a sum over all samples, each with factors of its own
            }

            double[] slopes = [.. gradient.Select((slope, i) => Sample(i, gradient.Length) is int s && mask[s] != 0
                ? slope * weights[s] * rho * -0.75 * (none ? upstream[s] : 1.5) : 0)];
            double size = slopes.Where(double.IsFinite).Select(Math.Abs).Append(2 * Math.Abs(rho)).Max();
            AssertNear(slopes, found.Gradients[input], 4e-15, size, $"{input} of {full}");
        }

        int Sample(int element, int of) => of > samples && plain.Inputs.Values.FirstOrDefault(
            input => input.Slicing == Slicing.SecondAxis && input.Values.Length == of) is { } steps
            ? steps.SampleOf(element, samples)
            : element / Math.Max(1, of / samples);
    }

    // A mean that divides each item by its length too is no longer the sum over one number.
    private static Question AlikeInAMean(Question question) =>
        question.Card.LengthNormalization is { } parameter ? question.With(parameter.Name, "never") : question;

    private static Question Plain(string loss, int seed) => new Samples(EveryLoss.Card(loss), seed).Draw(new()
    {
        Form = 0,
        Samples = 1 + (seed % 7),
        Extras = false,
        Reduction = "none",
        Ignored = false,
        Independent = true,
    });

    private static void AssertNear(double[] expected, double[] found, double relative, double scale, string about)
    {
        Assert.Equal(expected.Length, found.Length);
        for (int i = 0; i < expected.Length; i++)
        {
            if (double.IsFinite(expected[i]))
            {
                AssertNear(expected[i], found[i], relative, scale, $"[{i}] of {about}"); // an infinite slope times 0 is no number
            }
        }
    }

    private static void AssertNear(double expected, double found, double relative, double scale, string about) =>
        Assert.True(Math.Abs(expected - found) <= relative * scale || expected.Equals(found), $"expected {expected:R}, found {found:R}: {about}");
}

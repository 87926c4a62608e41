using LossService.Engine;
using LossService.Engine.Cards;
using LossService.Tests.Engine.Harness;
using Xunit;

namespace LossService.Tests.Engine;

/// <summary>Items that are masked, and means over nothing.</summary>
[Trait("Set", "Engine")]
public sealed class LeftOutTests
{
    // What is left out hides its own numbers and no others that have as many.
    [Theory]
    [InlineData("sigmoid_focal_loss", """{"logits":[[1,2]],"targets":[7],"mask":[[false,true]]}""", "/targets", Codes.ClassOutOfRange)]
    [InlineData("cross_entropy", """{"logits":[[1,2],[3,4]],"targets":[-100,0],"weight":[-1,1]}""", "/weight", Codes.DomainError)]
    [InlineData("batch_all_triplet_loss",
        """{"embeddings":[[0],[1],[3]],"triplets":[[0,1,2],[0,9,2],[0,1,2]],"mask":[true,false,true]}""", "/triplets", Codes.DomainError)]
    [InlineData("binary_cross_entropy", """{"probabilities":["NaN",0.5],"targets":[1,0],"mask":[true,false]}""", "/probabilities", Codes.DomainError)]
    public void Number_ThatIsNotLeftOut_IsJudged(string loss, string body, string pointer, string code)
    {
        Mistake mistake = Assert.Single(Bench.MistakesOf(loss, body));
        Assert.Equal((pointer, code, 1), (mistake.Pointer, mistake.Code, mistake.Count));
    }

    [Theory]
    [MemberData(nameof(EveryLoss.InBothPrecisions), MemberType = typeof(EveryLoss))]
    public void Mask_OverNaNAndInvalidNumbers_HidesThem(string loss, bool float64)
    {
        for (int seed = 0; seed < EveryLoss.Draws(40); seed++)
        {
            Question question = new Samples(EveryLoss.Card(loss), 100 + seed).Draw(new()
            {
                Form = 0,
                Samples = 2 + (seed % 9),
                Float64 = float64,
                Independent = true,
                Values = (Values)(seed % 3),
            });
            double[] mask = [.. Enumerable.Range(0, question.Samples).Select(sample => (double)((sample + seed) % 2))];
            question = question.With("mask", new Given(mask, [mask.Length], Slicing.FirstAxis));
            Answer clean = Bench.Ask(question);
            Answer hidden = Bench.Ask(Spoil(question, mask));
            Answer.AssertSameBits(Without(clean, "not_normalized"), Without(hidden, "not_normalized"), $"{question}");
            foreach ((string name, double[] values) in hidden.All().Where(part => part.Name != "loss"))
            {
                Given? input = question.Inputs.GetValueOrDefault(name[(name.IndexOf('.', StringComparison.Ordinal) + 1)..]);
                Given given = input is { Slicing: Slicing.SecondAxis } ? input : new(values, [mask.Length], Slicing.FirstAxis);
                for (int i = 0; i < values.Length && values.Length >= mask.Length && IsBySample(question, name); i++)
                {
                    Assert.True(mask[given.SampleOf(i, mask.Length)] != 0 || values[i] == 0, $"{name}[{i}] is masked and {values[i]}: {question}");
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(EveryLoss.Names), MemberType = typeof(EveryLoss))]
    public void Mean_OverNothing_FollowsEmpty(string loss)
    {
        for (int seed = 0; seed < 8; seed++)
        {
            Question some = new Samples(EveryLoss.Card(loss), 300 + seed).Draw(new() { Form = 0, Samples = 3, Reduction = "mean", Independent = true })
                .Without("avg_factor", "sample_weight", "mask", "grad_output", "weight_normalization", "loss_weight", "weight");
            Question[] empties = [some.Select(), some.With("mask", new Given(new double[3], [3], Slicing.FirstAxis))];
            foreach (Question empty in empties)
            {
                Answer zero = Bench.Ask(empty);
                Assert.Equal(0, zero.Loss);
                Assert.Contains(zero.Notes, note => note.Code == "empty");
                Assert.Equal(0, zero.Normalizer!.Value);
                Assert.Contains(zero.Normalizer.Rule, new[] { "count", "pairs", "nonzero" });
                Assert.All(zero.Gradients.Values, gradient => Assert.All(gradient, slope => Assert.Equal(0, slope)));

                Answer nan = Bench.Ask(empty.With("empty", "nan"));
                Assert.Equal(double.NaN, nan.Loss);
                Assert.Contains(nan.Notes, note => note.Code == "empty");
                Assert.All(nan.Gradients.Values, gradient => Assert.All(gradient, slope => Assert.Equal(0, slope)));

                Mistake mistake = Assert.Single(Bench.MistakesOf(empty.With("empty", "error")));
                Assert.Equal(Codes.EmptyReduction, mistake.Code);

                Assert.Equal(0, Bench.Ask(empty.With("reduction", "sum")).Loss);
                Assert.Null(Bench.Ask(empty.With("reduction", "none")).Loss);
                Assert.Equal(0, Bench.Ask(empty.With("avg_factor", 2)).Loss);
            }
        }
    }

    [Theory]
    [InlineData("cross_entropy", "logits")]
    [InlineData("nll_loss", "log_probabilities")]
    public void IgnoredRows_WhateverTheyHold_LeaveLossGradientAndMean(string loss, string scores)
    {
        const string Rest = """ "return_items":true,"hessian":"diagonal" """;
        Answer kept = Bench.Ask(loss, $$"""{"{{scores}}":[[-1,-2],[-3,-0.5]],"targets":[0,1],{{Rest}}}""");
        Answer ignored = Bench.Ask(loss,
            $$"""{"{{scores}}":[[-1,-2],["NaN","Infinity"],[-3,-0.5]],"targets":[0,-100,1],{{Rest}}}""");
        Assert.Equal(kept.Loss, ignored.Loss);
        Assert.Equal(new Normalizer("count", 2), ignored.Normalizer);
        Assert.Equal([kept.Losses[0], 0, kept.Losses[1]], ignored.Losses);
        Assert.Equal([.. kept.Gradients[scores][..2], 0, 0, .. kept.Gradients[scores][2..]], ignored.Gradients[scores]);
        Assert.Equal([.. kept.Hessians[scores][..2], 0, 0, .. kept.Hessians[scores][2..]], ignored.Hessians[scores]);
        Assert.Equal(1, ignored.Notes.Single(note => note.Code == "ignored").Count);

        Answer all = Bench.Ask(loss, $$"""{"{{scores}}":[[-1,-2]],"targets":[7],"ignore_index":7}""");
        Assert.Equal(0, all.Loss);
        Assert.Contains(all.Notes, note => note.Code == "empty");
        Assert.Equal(double.NaN, Bench.Ask(loss, $$"""{"{{scores}}":[[-1,-2]],"targets":[-100],"preset":"pytorch"}""").Loss);
    }

    // Puts numbers into the masked samples that no check would let through.
    private static Question Spoil(Question question, double[] mask)
    {
        Question spoiled = question;
        foreach ((string name, Given given) in question.Inputs)
        {
            Input input = question.Card.InputAt(question.Card.PlaceOfInput(name));
            if (given.Slicing is not (Slicing.FirstAxis or Slicing.SecondAxis) || (input.Optional && input.NeededWith is null))
            {
                continue;
            }

            double bad = input.MayBeLabel && given.Values.All(value => value == Math.Truncate(value)) ? 999
                : input.Gradient == GradientRule.Default ? double.NaN : double.PositiveInfinity;
            spoiled = spoiled.With(name, given with
            {
                Values = [.. given.Values.Select((value, i) => mask[given.SampleOf(i, mask.Length)] == 0 ? bad : value)],
            });
        }

        return spoiled;
    }

    private static bool IsBySample(Question question, string name) =>
        name == "losses" || question.Inputs[name[(name.IndexOf('.', StringComparison.Ordinal) + 1)..]].Slicing is Slicing.FirstAxis or Slicing.SecondAxis;

    private static Answer Without(Answer answer, string code)
    {
        // A masked row's sum is nobody's business, so its note may or may not be there.
        answer.Notes.RemoveAll(note => note.Code == code);
        return answer;
    }
}

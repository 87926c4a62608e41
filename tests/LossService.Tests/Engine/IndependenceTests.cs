using LossService.Engine.Cards;
using LossService.Tests.Engine.Harness;
using Xunit;

namespace LossService.Tests.Engine;

/// <summary>A sample's numbers are its own: the same bits alone, in any batch, at any place, on any number of threads.</summary>
[Trait("Set", "Engine")]
public sealed class IndependenceTests
{
    [Theory]
    [MemberData(nameof(EveryLoss.OfSingleSamples), MemberType = typeof(EveryLoss))]
    public void Sample_AloneOrInABatch_HasTheSameBits(string loss, bool float64)
    {
        for (int seed = 0; seed < EveryLoss.Draws(24); seed++)
        {
            Question batch = Draw(loss, float64, seed, new Random(seed).Next(1, seed % 3 == 0 ? 38 : 9));
            Answer together = Bench.Ask(batch);
            for (int sample = 0; sample < batch.Samples; sample++)
            {
                AssertSlice(together, [sample], batch, Bench.Ask(batch.Select(sample)));
            }
        }
    }

    [Theory]
    [MemberData(nameof(EveryLoss.OfSingleSamples), MemberType = typeof(EveryLoss))]
    public void Samples_InAnotherOrder_GiveTheSameBitsInThatOrder(string loss, bool float64)
    {
        for (int seed = 0; seed < EveryLoss.Draws(24); seed++)
        {
            Question batch = Draw(loss, float64, 500 + seed, new Random(seed).Next(1, 70));
            int[] order = [.. Enumerable.Range(0, batch.Samples)];
            new Random(seed).Shuffle(order);
            AssertSlice(Bench.Ask(batch), order, batch, Bench.Ask(batch.Select(order)));
        }
    }

    [Theory]
    [MemberData(nameof(EveryLoss.OfSingleSamples), MemberType = typeof(EveryLoss))]
    public void Samples_OfEveryLengthFrom0To257_AreThoseOfTheLongest(string loss, bool float64)
    {
        Question longest = Bench.Frozen(new Samples(EveryLoss.Card(loss), 7).Draw(new()
        {
            Form = 0,
            Samples = 257,
            Row = 3,
            Plain = true,
            Float64 = float64,
            Independent = true,
            Reduction = "none",
        }));
        Answer all = Bench.Ask(longest);
        for (int length = 0; length <= 257; length += EveryLoss.IsSlow ? 43 : 1)
        {
            int[] first = [.. Enumerable.Range(0, length)];
            AssertSlice(all, first, longest, Bench.Ask(longest.Select(first)));
        }
    }

    [Theory]
    [MemberData(nameof(EveryLoss.InBothPrecisions), MemberType = typeof(EveryLoss))]
    public void Answer_OnOneTwoOrThreeThreads_HasTheSameBits(string loss, bool float64)
    {
        // Three threads want 24 blocks: of many short rows, and of few long ones.
        LossCard card = EveryLoss.Card(loss);
        bool rows = card.Inputs[0].Forms[0].Pattern.Symbols.Count > 1;
        (int Samples, int Row)[] sizes = card.SamplesMeet ? [(EveryLoss.IsSlow ? 60 : 1200, 6)]
            : EveryLoss.IsSlow ? [EveryLoss.Blocks(card)]
            : EveryLoss.HasShortRows(card) ? [(9_000, 6), (800, 65)]
            : rows ? [(9_000, 6), (25, 2049)] : [(50_000, 1)];
        foreach ((int samples, int row) in sizes)
        {
            Question question = new Samples(EveryLoss.Card(loss), samples).Draw(new()
            {
                Form = 0,
                Samples = samples,
                Row = row,
                Plain = true,
                Float64 = float64,
                Values = Values.Kinks,
                Settings = false, // which may ask for powers that take the long way
            });
            question = EveryLoss.Card(loss).HasHessian && !EveryLoss.IsSlow ? question.With("hessian", "diagonal") : question;
            Answer one = Bench.Ask(question);
            for (int threads = 2; threads <= 3; threads++)
            {
                Answer.AssertSameBits(one, Bench.Ask(question, new(Bench.Pool, threads)), $"{threads} threads, {loss}");
            }
        }
    }

    private static Question Draw(string loss, bool float64, int seed, int samples)
    {
        Question question = new Samples(EveryLoss.Card(loss), seed).Draw(new()
        {
            Samples = samples,
            Float64 = float64,
            Independent = true,
            Reduction = "none",
            Values = (Values)(seed % 3),
        });
        question = Bench.Frozen(question);
        return EveryLoss.Card(loss).HasHessian && seed % 2 == 0 ? question.With("hessian", "diagonal") : question;
    }

    // The numbers of some samples of a batch are those of the answer to these samples alone.
    private static void AssertSlice(Answer batch, int[] samples, Question question, Answer part)
    {
        int of = question.Samples;
        foreach (((string name, double[] all), (_, double[] some)) in batch.All().Zip(part.All()))
        {
            bool whole = of == 1 || all.Length % of != 0;
            Given? input = question.Inputs.GetValueOrDefault(name[(name.IndexOf('.', StringComparison.Ordinal) + 1)..]);
            if (of > 1 && input is { Slicing: Slicing.Whole })
            {
                continue; // what all samples share has a gradient of them all
            }

            Given given = input is { Slicing: Slicing.SecondAxis } ? input with { Values = all } : new(all, [of], Slicing.FirstAxis);
            double[] expected = whole ? all : given.Select(samples, of).Values;
            Answer.AssertSameBits(expected, some, $"{name} of samples {string.Join(",", samples.Take(5))} in {question}");
        }
    }
}

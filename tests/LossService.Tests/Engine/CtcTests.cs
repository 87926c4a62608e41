using LossService.Engine;
using LossService.Tests.Engine.Harness;
using Xunit;

namespace LossService.Tests.Engine;

/// <summary>Connectionist temporal classification: every alignment counted one by one, both conventions of its gradient,
/// every way of giving lengths, and alignments that do not exist.</summary>
[Trait("Set", "Engine")]
public sealed class CtcTests
{
    [Fact]
    public void Loss_OfShortSequences_IsThatOfAllTheirAlignments()
    {
        for (int seed = 0; seed < 60; seed++)
        {
            var random = new Random(seed);
            (int steps, int classes, int length) = (random.Next(1, 6), random.Next(2, 5), random.Next(0, 4));
            int blank = random.Next(classes);
            double[] scores = [.. Enumerable.Range(0, steps * classes).Select(_ => (4 * random.NextDouble()) - 3)];
            int[] labels = [.. Enumerable.Range(0, length).Select(_ => (blank + 1 + random.Next(classes - 1)) % classes)];
            Question question = Question.Of("ctc_loss", """{"reduction":"sum"}""").With("blank", blank)
                .With("log_probabilities", new Given(scores, [steps, classes]))
                .With("targets", new Given([.. labels.Select(label => (double)label)], [length]));
            (double total, double[] occupancy) = Enumerate(scores, steps, classes, labels, blank);
            Answer answer = Bench.Ask(question);
            if (total == 0)
            {
                Assert.Equal(double.PositiveInfinity, answer.Loss);
                Assert.All(answer.Gradients["log_probabilities"], slope => Assert.Equal(0, slope));
                continue;
            }

            Assert.Equal(-Math.Log(total), answer.Loss!.Value, 1e-13);
            Assert.All(
                occupancy.Zip(answer.Gradients["log_probabilities"]), pair => Assert.Equal(-pair.First / total, pair.Second, 1e-13));
            Answer torch = Bench.Ask(question.With("preset", "pytorch"));
            Assert.All(occupancy.Zip(scores, (share, score) => Math.Exp(score) - (share / total))
                .Zip(torch.Gradients["log_probabilities"]), pair => Assert.Equal(pair.First, pair.Second, 1e-12));
        }
    }

    [Fact]
    public void Logits_AndTheirLogSoftmax_GiveTheSameLossAndWithPyTorchsPresetTheSameGradient()
    {
        for (int seed = 0; seed < 40; seed++)
        {
            var random = new Random(seed);
            (int steps, int samples, int classes) = (4 + random.Next(9), random.Next(1, 4), random.Next(2, 7));
            double[] logits = [.. Enumerable.Range(0, steps * samples * classes).Select(_ => 6 * random.NextDouble())];
            double[] logs = [.. logits.Chunk(classes).SelectMany(row => row.Select(z => z - Math.Log(row.Sum(Math.Exp))))];
            double[] labels = [.. Enumerable.Range(0, samples * 2).Select(_ => (double)random.Next(1, classes))];
            Question rest = Question.Of("ctc_loss", "{}").With("targets", new Given(labels, [samples, 2]));
            Answer from = Bench.Ask(rest.With("logits", new Given(logits, [steps, samples, classes])));
            Answer same = Bench.Ask(rest.With("log_probabilities", new Given(logs, [steps, samples, classes])).With("preset", "pytorch"));
            Assert.Equal(from.Loss!.Value, same.Loss!.Value, 1e-12);
            Assert.All(
                from.Gradients["logits"].Zip(same.Gradients["log_probabilities"]), pair => Assert.Equal(pair.First, pair.Second, 1e-12));
            Assert.All(from.Gradients["logits"].Chunk(classes), row => Assert.Equal(0, row.Sum(), 1e-15));
        }
    }

    [Fact]
    public void Targets_PaddedOrPacked_AreTheSame()
    {
        const string Scores = """ "log_probabilities":[[[-1,-2,-0.5],[-2,-1,-1]],[[-1,-0.3,-2],[-1,-1,-3]],[[-0.2,-1,-2],[-2,-1,-1]]] """;
        const string Lengths = """ "input_lengths":[3,2],"target_lengths":[2,1] """;
        Answer padded = Bench.Ask("ctc_loss", $$"""{{{Scores}},"targets":[[1,2],[2,-7]],{{Lengths}}}""");
        Answer packed = Bench.Ask("ctc_loss", $$"""{{{Scores}},"targets":[1,2,2],{{Lengths}}}""");
        Answer.AssertSameBits(padded, packed, "packed");
        Assert.Equal([0, 0, 0], padded.Gradients["log_probabilities"][15..]); // the third step of the second sequence

        Answer one = Bench.Ask("ctc_loss", """{"log_probabilities":[[-1,-2,-0.5],[-1,-0.3,-2],[-0.2,-1,-2]],"targets":[1,2],"return_items":true}""");
        Answer items = Bench.Ask("ctc_loss", $$"""{{{Scores}},"targets":[1,2,2],{{Lengths}},"reduction":"none"}""");
        Assert.Equal(one.Loss!.Value, items.Losses[0] / 2, 1e-15);
        Assert.Equal(padded.Loss!.Value, ((items.Losses[0] / 2) + items.Losses[1]) / 2, 1e-15);
        Answer never = Bench.Ask("ctc_loss", $$"""{{{Scores}},"targets":[1,2,2],{{Lengths}},"preset":"keras"}""");
        Assert.Equal(items.Losses.Sum() / 2, never.Loss!.Value, 1e-15);
    }

    [Theory]
    [InlineData("mean", 1, 0.5)]
    [InlineData("always", 0.5, 0.5)]
    [InlineData("never", 1, 1)]
    public void Items_BesideAMean_AreThoseOfNone(string normalization, double ofItem, double inMean)
    {
        Question question = Question.Of("ctc_loss", $$"""
            {"log_probabilities":[[[-1,-2,-0.5],[-2,-1,-1]],[[-1,-0.3,-2],[-1,-1,-3]],[[-0.2,-1,-2],[-2,-1,-1]]],
             "targets":[[1,2],[2,1]],"sample_weight":[3,2],"length_normalization":"{{normalization}}","return_items":true}
            """);
        double[] whole = Bench.Ask(question.With("length_normalization", "never").With("reduction", "none")).Losses;
        Answer mean = Bench.Ask(question);
        Answer.AssertSameBits(Bench.Ask(question.With("reduction", "none")).Losses, mean.Losses, normalization);
        Answer.AssertSameBits([.. whole.Select(item => item * ofItem)], mean.Losses, normalization);
        Assert.Equal(whole.Sum() * inMean / 2, mean.Loss!.Value, 1e-15);
    }

    [Theory]
    [InlineData("""{"logits":[[0,1]],"targets":[1,1]}""", 2)] // more labels than steps
    [InlineData("""{"logits":[[0,1],[0,1]],"targets":[1,1]}""", 2)] // no step for the blank between
    [InlineData("""{"logits":[[0,1],[0,1],[0,1]],"targets":[1,1],"input_lengths":2}""", 2)]
    [InlineData("""{"logits":[["-Infinity",1],["-Infinity",1],["-Infinity",1]],"targets":[1,1]}""", 2)] // no blank
    public void Alignment_ThatDoesNotExist_IsInfiniteOrZeroAndNeverHasASlope(string json, int classes)
    {
        Question question = Question.Of("ctc_loss", json);
        Answer infinite = Bench.Ask(question);
        Answer zero = Bench.Ask(question.With("zero_infinity", "true"));
        Answer torch = Bench.Ask(question.With("preset", "pytorch"));
        Assert.Equal(double.PositiveInfinity, infinite.Loss);
        Assert.Equal(0, zero.Loss);
        Assert.Equal(double.PositiveInfinity, torch.Loss);
        Assert.All(infinite.Gradients["logits"].Concat(zero.Gradients["logits"]), slope => Assert.Equal(0, slope));
        Assert.Equal(double.NaN, torch.Gradients["logits"][classes - 1]);
        Assert.All(new[] { infinite, zero, torch }, answer =>
            Assert.Contains(answer.Notes, note => note is { Code: "impossible_alignment", Count: 1 }));
    }

    [Fact]
    public void Sequence_OfNoLabelsOrNoSteps_CostsItsBlanks()
    {
        Answer blanks = Bench.Ask("ctc_loss", """{"log_probabilities":[[-1,-2],[-0.5,-3]],"targets":[]}""");
        Assert.Equal(1.5, blanks.Loss);
        Assert.Equal([-1, 0, -1, 0], blanks.Gradients["log_probabilities"]);
        Answer nothing = Bench.Ask("ctc_loss", """{"log_probabilities":[[-1,-2]],"targets":[],"input_lengths":0}""");
        Assert.Equal(0, nothing.Loss);
        Assert.Equal([0, 0], nothing.Gradients["log_probabilities"]);
    }

    [Fact]
    public void Loss_OfALongSequence_DoesNotVanish()
    {
        const int Steps = 2000;
        double[] logits = new double[Steps * 3];
        Answer answer = Bench.Ask(Question.Of("ctc_loss", """{"length_normalization":"never"}""")
            .With("logits", new Given(logits, [Steps, 3])).With("targets", new Given([1, 2, 1], [3])));

        // All alignments are equally likely, so the loss counts them: four blank runs and three label runs, the latter not
        // empty, are 7 parts of the steps; choosing where they end is binomial.
        double log = Enumerable.Range(1, 6).Sum(i => Math.Log((double)(Steps + 4 - i) / i));
        Assert.Equal((Steps * Math.Log(3)) - log, answer.Loss!.Value, 1e-9);
    }

    [Theory]
    [InlineData("""{"logits":[[[0,1],[0,1]]],"targets":[1,1]}""", "/target_lengths", Codes.MissingInput)]
    [InlineData("""{"logits":[[[0,1],[0,1]]],"targets":[1,1,1],"target_lengths":[1,1]}""", "/targets", Codes.ShapeMismatch)]
    [InlineData("""{"logits":[[[0,1],[0,1]]],"targets":[[1],[0]]}""", "/targets", Codes.ClassOutOfRange)]
    [InlineData("""{"logits":[[[0,1],[0,1]]],"targets":[[1],[2]]}""", "/targets", Codes.ClassOutOfRange)]
    [InlineData("""{"logits":[[[0,1],[0,1]]],"targets":[[1],[1]],"blank":2}""", "/blank", Codes.ParameterOutOfRange)]
    [InlineData("""{"logits":[[[0,1],[0,1]]],"targets":[[1],[1]],"input_lengths":[1,2]}""", "/input_lengths", Codes.DomainError)]
    [InlineData("""{"logits":[[[0,1],[0,1]]],"targets":[[1],[1]],"target_lengths":[1,2]}""", "/target_lengths", Codes.DomainError)]
    [InlineData("""{"logits":[[[0,1],[0,1]]],"targets":[1,1],"target_lengths":[3,-1],"mask":[true,false]}""", "/target_lengths", Codes.DomainError)]
    [InlineData("""{"logits":[[[0,1],[0,1]]],"targets":[[1],[1]],"input_lengths":[1]}""", "/input_lengths", Codes.ShapeMismatch)]
    [InlineData("""{"logits":[[[0,1],[0,1]]],"targets":[[1],[1],[1]]}""", "/targets", Codes.ShapeMismatch)]
    public void Sequences_ThatDoNotFit_AreRefused(string json, string pointer, string code)
    {
        Mistake mistake = Assert.Single(Bench.MistakesOf("ctc_loss", json));
        Assert.Equal((pointer, code), (mistake.Pointer, mistake.Code));
    }

    // Every sequence of classes that becomes the labels when repetitions are merged and blanks left out.
    private static (double Total, double[] Occupancy) Enumerate(double[] scores, int steps, int classes, int[] labels, int blank)
    {
        double total = 0;
        double[] occupancy = new double[scores.Length];
        int[] path = new int[steps];
        for (int number = 0; number < Math.Pow(classes, steps); number++)
        {
            for (int step = 0, left = number; step < steps; step++, left /= classes)
            {
                path[step] = left % classes;
            }

            int[] read = [.. path.Where((label, step) => label != blank && (step == 0 || label != path[step - 1]))];
            if (read.SequenceEqual(labels))
            {
                double probability = Math.Exp(path.Select((label, step) => scores[(step * classes) + label]).Sum());
                total += probability;
                for (int step = 0; step < steps; step++)
                {
                    occupancy[(step * classes) + path[step]] += probability;
                }
            }
        }

        return (total, occupancy);
    }
}

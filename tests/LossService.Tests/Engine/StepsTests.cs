using LossService.Engine;
using LossService.Engine.Cards;
using LossService.Engine.Families;
using LossService.Tests.Engine.Harness;
using LossService.Tests.Faults;
using Xunit;

namespace LossService.Tests.Engine;

/// <summary>What a loss says that a request costs, against how often its computation polls: a poll comes for about every
/// block's worth of work, so both grow alike, and neither gets far ahead of the other.</summary>
public sealed class StepsTests
{
    // Half a millisecond; a poll has nothing to say of less work than a few blocks.
    private const double StepsPerPollMax = 50_000;
    private const double GrowthApartMax = 3.5;
    private const double StepsMin = 4 * StepsPerPollMax;

    [Theory]
    [MemberData(nameof(EveryLoss.Names), MemberType = typeof(EveryLoss))]
    public void Polls_OfARequestThatGrows_GrowAsItsStepsDo(string loss)
    {
        bool isFirst = true;
        foreach (Func<int, Question> made in Growing(EveryLoss.Card(loss)))
        {
            Question small = made(1);
            Question question = made(4);
            if (!isFirst && Bench.MistakesOf(small).Count > 0)
            {
                continue; // a word that wants other inputs
            }

            isFirst = false;
            (double fewSteps, int fewPolls) = Measure(Catalogue.Find(loss)!, small);
            (double steps, int polls) = Measure(Catalogue.Find(loss)!, question);
            string what = $"{steps / fewSteps:F1} times the steps, {(double)polls / fewPolls:F1} times the polls: {What(question)}";
            Assert.True((double)polls / fewPolls < GrowthApartMax * steps / fewSteps, what);
            Assert.True(IsHeard(steps, polls), $"{steps:F0} steps, {polls} polls: {What(question)}");
        }
    }

    // One sequence is all of a block.
    [Fact]
    public void Polls_OfOneLongSequence_AreAsManyAsItsStepsWant()
    {
        const int Steps = 3000;
        const int Labels = 500;
        LossCard card = EveryLoss.Card("ctc_loss");
        var question = new Question(card) { Parameters = { ["dtype"] = 1 } };
        question.Inputs["logits"] = new([.. Enumerable.Range(0, 2 * Steps).Select(i => (double)(i % 3))], [Steps, 1, 2]);
        question.Inputs["targets"] = new([.. Enumerable.Repeat(1.0, Labels)], [1, Labels]);
        question.Inputs["input_lengths"] = new([Steps], [1]);
        question.Inputs["target_lengths"] = new([Labels], [1]);
        (double steps, int polls) = Measure(Catalogue.Find(card.Name)!, question);
        Assert.True(steps > StepsMin && IsHeard(steps, polls), $"{steps:F0} steps, {polls} polls");
    }

    // The passes that a loss makes over all items before the first block, and those of answers of thousands of tokens.
    [Theory]
    [InlineData("ghm_c", 3)]
    [InlineData("kto_loss", 2)]
    public void Polls_OfPassesOverTheWholeBatch_AreThoseOfSoManyBlocks(string loss, int passes)
    {
        const int Items = 200_000;
        const int Tokens = 20_000;
        LossCard card = EveryLoss.Card(loss);
        bool hasTokens = card.Family == "preference";
        Question question = new Samples(card, seed: 1).Draw(new()
        {
            Form = hasTokens ? 1 : 0,
            Samples = hasTokens ? Items / Tokens : Items,
            Row = Tokens,
            Plain = true,
            Extras = false,
            Settings = false,
        });
        (_, int polls) = Measure(Catalogue.Find(loss)!, question);
        int least = hasTokens ? passes * Items / Tokens : passes * Items / Driver.BlockItems / 2;
        Assert.True(polls >= least, $"{polls} polls, {least} wanted");
    }

    // What is gone through before the first block or after the last: a mask, weights that a mean divides by, a floor.
    [Theory]
    [InlineData("mask", null, 0)]
    [InlineData("sample_weight", "weight_normalization", 0)]
    [InlineData(null, "hessian_floor", 0.5)]
    public void Polls_OfPassesOverAllItems_ComeBesideThoseOfTheBlocks(string? input, string? setting, double value)
    {
        const int Items = 200_000;
        LossCard card = EveryLoss.Card("mse_loss");
        var plain = new Question(card) { Parameters = { ["dtype"] = 0, ["hessian"] = 1 } };
        plain.Inputs["predictions"] = new([.. Enumerable.Range(0, Items).Select(i => i % 7 * 0.5)], [Items]);
        plain.Inputs["targets"] = new(new double[Items], [Items]);
        Question question = plain.Copy();
        if (input is not null)
        {
            question.Inputs[input] = new([.. Enumerable.Range(0, Items).Select(i => (double)(i % 2))], [Items]);
        }

        if (setting is not null)
        {
            question.Parameters[setting] = value;
        }

        (_, int polls) = Measure(Catalogue.Find(card.Name)!, plain);
        (_, int more) = Measure(Catalogue.Find(card.Name)!, question);
        Assert.True(more - polls >= Items / Driver.BlockItems / 2, $"{polls} polls, {more} with {input ?? setting}");
    }

    // Vectors are copied and rearranged, and their gradients returned.
    [Fact]
    public void Polls_OfLongVectors_AreThoseOfTheirPassesToo()
    {
        const int Passes = 5;
        const int Samples = 64;
        const int Length = 4096;
        LossCard card = EveryLoss.Card("nt_xent_loss");
        var question = new Question(card) { Parameters = { ["dtype"] = 0 } };
        question.Inputs["embeddings"] = new([.. Enumerable.Range(0, Samples * Length).Select(i => i % 11 * 0.1)], [Samples, Length]);
        question.Inputs["labels"] = new([.. Enumerable.Range(0, Samples).Select(i => (double)(i / 2))], [Samples]);
        (_, int polls) = Measure(Catalogue.Find(card.Name)!, question);
        int least = Passes * Samples * Length / Driver.BlockItems / 2;
        Assert.True(polls >= least, $"{polls} polls, {least} wanted");
    }

    // What is answered where it arrives keeps the server from its sockets.
    [Theory]
    [MemberData(nameof(EveryLoss.Names), MemberType = typeof(EveryLoss))]
    public void Steps_OfAnythingThatIsTakenForSmall_AreFew(string loss)
    {
        const double Small = 12_000;
        const double Doubt = 10; // of settings that the length of a body does not tell
        Loss asked = Catalogue.Find(loss)!;
        for (int seed = 0; seed < 40; seed++)
        {
            Question question = new Samples(asked.Card, seed).Draw(new() { Float64 = false, Samples = seed, Row = 1 + (seed % 3 * 40) });
            using LossRequest request = Bench.Prepare(question, Bench.Pool);
            if (request.Mistakes.IsEmpty && asked.StepsOf(request.Elements) < Small)
            {
                double steps = asked.StepsOf(request);
                Assert.True(steps < Doubt * Small, $"{steps:F0} steps, {asked.StepsOf(request.Elements):F0} guessed: {What(question)}");
            }
        }
    }

    [Fact]
    public void Polls_OfALossThatForgetsThem_AreTooFew()
    {
        Loss deaf = PlantedLoss.Deaf;
        (double steps, int polls) = Measure(deaf, new Samples(deaf.Card, 1).Draw(
            new() { Samples = 4_000_000, Plain = true, Float64 = false, Extras = false }));
        Assert.False(IsHeard(steps, polls));
    }

    private static bool IsHeard(double steps, int polls) => steps < StepsMin || steps / (polls + 1) <= StepsPerPollMax;

    private static string What(Question question) =>
        $"{string.Join(", ", question.Parameters.Where(pair => pair.Value != 0).Select(pair => $"{pair.Key}={pair.Value}"))}; {string.Join(", ", question.Inputs.Select(pair => $"{pair.Key}[{string.Join(",", pair.Value.Shape)}]"))}";

    private static (double Steps, int Polls) Measure(Loss loss, Question question)
    {
        int polls = 0;
        using LossRequest request = Bench.Prepare(question, Bench.Pool);
        Assert.True(request.Mistakes.IsEmpty, $"{string.Join("; ", request.Mistakes.All)}: {What(question)}");
        double steps = loss.StepsOf(request);
        using LossResult result = loss.Run(request, new(Bench.Pool) { Polling = () => polls++ });
        return (steps, polls);
    }

    // Requests of one long item, and of many short ones; and with every word of every choice once.
    private static IEnumerable<Func<int, Question>> Growing(LossCard card)
    {
        (int samples, int row) = card switch
        {
            { AxisMax: { Axis: "N" } } => (60, 24),
            { AxisMax: { Axis: "L" } } => (2, 100),
            _ => (400, 24),
        };
        foreach (Parameter? choice in card.Parameters.Where(own => own.Kind is ParameterKind.Choice or ParameterKind.Flag).Prepend(null))
        {
            IReadOnlyList<double> values = choice is null ? [0]
                : choice.Kind == ParameterKind.Flag ? [1 - choice.Default]
                : [.. Enumerable.Range(0, choice.Words.Count).Select(word => (double)word)];
            foreach (double value in values)
            {
                yield return size => Chosen(Draw(card, size, samples, row), choice, value);
            }
        }

        if (card.AxisMax is not { Axis: "N" })
        {
            yield return size => Draw(card, size, samples: 2, card.AxisMax is null ? 2000 : 250);
            yield return size => Draw(card, 1, samples: 200 * size, row: 8);
            yield return size => Draw(card, 1, samples: 8, row: (card.AxisMax is null ? 600 : 100) * size);
        }
    }

    private static Question Chosen(Question question, Parameter? choice, double value) =>
        choice is null ? question : question.With(choice.Name, value);

    private static Question Draw(LossCard card, int size, int samples, int row)
    {
        bool areSamplesMore = card.AxisMax is not { Axis: "L" };
        Question drawn = new Samples(card, seed: 1).Draw(new()
        {
            Form = 0,
            Samples = areSamplesMore ? samples * size : samples,
            Row = areSamplesMore ? row : row * size,
            Plain = true,
            Float64 = false,
            Extras = false,
            Settings = false,
            Reduction = "mean",
        });
        if (card.PlaceOfInput(Mined.PositivePairsName) < 0)
        {
            return drawn;
        }

        // Four classes: the most triplets are those of few.
        double[] labels = [.. Enumerable.Range(0, drawn.Inputs[card.Inputs[0].Name].Shape[0]).Select(sample => (double)(sample % 4))];
        return drawn.Without(Mined.PositivePairsName, Mined.NegativePairsName, Mined.TripletsName)
            .With(Mined.LabelsName, new Given(labels, [labels.Length], Slicing.FirstAxis));
    }
}

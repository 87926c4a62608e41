using LossService.Tests.Engine.Harness;
using Xunit;

namespace LossService.Tests.Engine;

/// <summary>The slope on a corner, which the member tie chooses: whoever meets one is told.</summary>
[Trait("Set", "Engine")]
public sealed class TieTests
{
    [Theory]
    [MemberData(nameof(EveryLoss.Names), MemberType = typeof(EveryLoss))]
    public void Tie_WhereItChangesASlope_IsTold(string loss)
    {
        var samples = new Samples(EveryLoss.Card(loss), 7);
        for (int draw = 0; draw < EveryLoss.Draws(40); draw++)
        {
            Question question = samples.Draw(new() { Values = Values.Kinks, Plain = true });
            Answer zero = Bench.Ask(question.With("tie", "zero"));
            Answer half = Bench.Ask(question.With("tie", "half"));
            bool isSame = zero.Gradients.All(gradient =>
                gradient.Value.Select(Answer.Bits).SequenceEqual(half.Gradients[gradient.Key].Select(Answer.Bits)));
            Assert.True(isSame || zero.Notes.Exists(note => note is { Code: "ties", Count: > 0 }), $"{question}");
        }
    }

    // Three on a line, of which the first lies twice as far from its negative as from its positive.
    [Theory]
    [InlineData("triplet_hard_loss", "", 1)]
    [InlineData("triplet_semihard_loss", "", 1)]
    [InlineData("batch_all_triplet_loss", "", 1)]
    [InlineData("lifted_structure_loss", "", 1)]
    [InlineData("margin_loss", ""","beta":1,"reducer":"tuples" """, 4)]
    public void Tie_OfMinedPairsAndTriplets_IsCounted(string loss, string more, int count)
    {
        int margin = more.Length > 0 ? 0 : 1;
        string body = $$"""{"embeddings":[[0],[1],[2]],"labels":[0,0,1],"margin":{{margin}},"normalize_embeddings":false{{more}}""";
        Answer zero = Bench.Ask(loss, body + "}");
        Answer half = Bench.Ask(loss, body + ""","tie":"half"}""");
        Assert.NotEqual(zero.Gradients["embeddings"], half.Gradients["embeddings"]);
        Assert.Equal(count, Assert.Single(zero.Notes, note => note.Code == "ties").Count);
    }

    // On the corner the slope is half of that just above it; PyTorch's own is 0, and squares have no corner.
    [Theory]
    [InlineData("multi_margin_loss", """ "logits":[[2,1,1]],"targets":[0] """, 1.0 / 3)]
    [InlineData("multilabel_margin_loss", """ "logits":[[2,1,1]],"targets":[[0,-1,-1]] """, 1.0 / 3)]
    [InlineData("multi_margin_loss", """ "logits":[[2,1,1]],"targets":[0],"p":"2" """, 0)]
    [InlineData("categorical_hinge", """ "logits":[[2,1,0]],"targets":[0] """, 1)]
    public void Tie_OfAMargin_ChoosesItsSlope(string loss, string body, double above)
    {
        foreach ((string tie, double share) in new[] { ("zero", 0), ("half", 0.5) })
        {
            Answer answer = Bench.Ask(loss, $$"""{{{body}},"tie":"{{tie}}"}""");
            Assert.Equal(share * above, answer.Gradients["logits"][1], 1e-15);
            Assert.Equal(above == 0 ? 0 : 1, answer.Notes.Count(note => note is { Code: "ties", Count: 1 }));
        }

        Answer own = Bench.Ask(loss, $$"""{{{body}},"tie":"pytorch"}""");
        Assert.Equal(loss == "categorical_hinge" ? above : 0, own.Gradients["logits"][1]);
    }
}

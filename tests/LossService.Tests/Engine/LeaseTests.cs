using LossService.Engine.Cards;
using LossService.Engine.Families;
using LossService.Engine.Numerics;
using LossService.Tests.Engine.Harness;
using Xunit;

namespace LossService.Tests.Engine;

/// <summary>What computations rent: a request within the limits must be answerable.</summary>
public sealed class LeaseTests
{
    // Of a pool of a gigabyte, as by default, and tensors of 2^24 elements.
    private const int BytesPerElementMax = 64;

    // What is rented whatever the length: the matrix of a list of 128 is the largest.
    private const int BytesOfAnyRequest = 1 << 17;

    // Not one sample alone: of sixteen million classes or coordinates some losses keep sixteen rows, and say so (lease).
    private static readonly (int Samples, int Row)[] Lengths = [(1 << 14, 1), (1 << 14, 2), (1 << 7, 1 << 7)];

    public static TheoryData<string> Names => EveryLoss.Names;

    [Theory]
    [MemberData(nameof(Names))]
    public void Lease_OfManyElements_IsNoMoreThanThePoolLendsAtTheLimit(string loss)
    {
        LossCard card = EveryLoss.Card(loss);
        foreach ((int samples, int row) in Lengths.Where(one => card.AxisMax is not { Axis: "N" } most || one.Samples <= most.Length))
        {
            Hold(card, samples, row);
        }
    }

    // A row that is computed by itself is not padded to a vector of rows.
    [Theory]
    [InlineData("generalized_cross_entropy")]
    [InlineData("poly1_cross_entropy")]
    [InlineData("softmax_focal_loss")]
    public void Lease_OfOneSampleOfManyClasses_IsNoMoreThanThePoolLendsAtTheLimit(string loss) =>
        Hold(EveryLoss.Card(loss), samples: 1, row: 1 << 14);

    private static void Hold(LossCard card, int samples, int row)
    {
        for (int form = 0; form < Samples.FormsOf(card); form++)
        {
            var wish = new Wish { Form = form, Samples = samples, Row = row, Plain = true, Extras = false, Settings = false, Reduction = "none" };
            Question question = new Samples(card, 7).Draw(wish);
            question.Parameters["hessian"] = card.HasHessian ? 1 : 0;
            long elements = question.Inputs.Values.Max(input => input.Shape.Aggregate(1L, (product, length) => product * length));
            int largest = 0;
            Bench.Ask(question, new Workshop(new(1L << 30) { Lending = bytes => largest = Math.Max(largest, bytes) }));
            Assert.True(largest <= BytesOfAnyRequest + (BytesPerElementMax * elements), $"{largest} bytes for {elements} elements: {samples} by {row}, form {form}");
        }
    }

    // Each element is an item of its own, and all together take no more than the pool has.
    [Theory]
    [InlineData(0)]
    [InlineData(1e200)] // squares leave the range of doubles, and every item has a scale
    public void RootOfAMean_OfOneElementAnItem_FitsThePoolAtTheLimit(double magnitude)
    {
        const int Items = 1 << 16;
        string numbers = string.Join(',', Enumerable.Repeat(magnitude.ToString("R", System.Globalization.CultureInfo.InvariantCulture), Items));
        string ones = string.Join(',', Enumerable.Repeat(1, Items));
        Question question = Question.Of("rmse",
            $$"""{"predictions":[{{numbers}}],"targets":[{{ones}}],"aggregate":"sample","reduction":"none","gradients":["predictions"]}""");
        long most = 0;
        TensorPool? pool = null;
        pool = new(1L << 30) { Lending = bytes => most = Math.Max(most, pool!.BytesLeased + bytes) };
        Answer answer = Bench.Ask(question, new Workshop(pool));
        Assert.InRange(most, 1, BytesOfAnyRequest + ((long)BytesPerElementMax * Items));
        Assert.Equal(1, answer.Losses[Items - 1] / Math.Abs(magnitude - 1), 1e-15);
    }
}

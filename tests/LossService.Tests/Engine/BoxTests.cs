using LossService.Engine;
using LossService.Tests.Engine.Harness;
using Xunit;

namespace LossService.Tests.Engine;

/// <summary>Losses of boxes: published numbers, what they do at their edges, and what they refuse.</summary>
[Trait("Set", "Engine")]
public sealed class BoxTests
{
    private const string Pair = """ "boxes":[[0,0,3,3.5]],"target_boxes":[[1,1,5,4]],"gradients":["boxes"] """;

    public static TheoryData<string> Losses =>
        [.. Catalogue.All.Where(loss => loss.Card.Inputs[0].Domain.IsBox).Select(loss => loss.Card.Name)];

    // The catalogue's appendix A: computed with eps 1e-7 and checked against differences, good to 1e-9.
    [Theory]
    [InlineData("generalized_box_iou_loss", 0.8392857152933674, new[] { -0.0571428566, -0.1177295911, -0.1765306114, -0.1479591830 })]
    [InlineData("distance_box_iou_loss", 0.7828832767266659, new[] { -0.0769971099, -0.0538873843, -0.1631159774, -0.1162518661 })]
    [InlineData("complete_box_iou_loss", 0.783395160264707, new[] { -0.0762259878, -0.0545483461, -0.1638870995, -0.1155909043 })]
    public void Loss_OfThePairOfTheAppendix_IsAsComputed(string loss, double expected, double[] slopes)
    {
        Answer answer = Bench.Ask(loss, $$"""{{{Pair}}}""");
        Assert.Equal(expected, answer.Loss!.Value, 1e-12);
        Assert.All(slopes.Zip(answer.Gradients["boxes"]), pair => Assert.Equal(pair.First, pair.Second, 2e-9));
    }

    [Fact]
    public void GeneralizedIou_OfTensorFlowAddonsDocs_IsAsPublished()
    {
        Answer answer = Bench.Ask("generalized_box_iou_loss",
            """{"boxes":[[3,4,6,8],[14,14,15,15]],"target_boxes":[[4,3,7,5],[5,6,10,7]]}""");
        Assert.Equal(1.5041667, answer.Loss!.Value, 1e-6);
    }

    [Fact]
    public void CompleteIou_BelowMmdetectionsGate_IsDistanceIou() => Assert.Equal(
        Bench.Ask("distance_box_iou_loss", $$"""{{{Pair}}}""").Loss,
        Bench.Ask("complete_box_iou_loss", $$"""{{{Pair}},"alpha_gate":0.5}""").Loss);

    // The gradient takes alpha for a constant: it is that of the distance loss plus alpha times that of the aspect.
    [Fact]
    public void CompleteIou_DetachedAlpha_IsFrozenInTheGradient()
    {
        double[] box = [0, 0, 3, 3.5];
        double[] target = [1, 1, 5, 4];
        double[] slopes = Bench.Ask("complete_box_iou_loss", $$"""{{{Pair}}}""").Gradients["boxes"];
        double alpha = 0.026414153320244133; // of the appendix
        for (int corner = 0; corner < 4; corner++)
        {
            const double Step = 1e-6;
            double expected = (Frozen(Step) - Frozen(-Step)) / (2 * Step);
            Assert.Equal(expected, slopes[corner], 1e-8);

            double Frozen(double step)
            {
                double[] moved = [.. box];
                moved[corner] += step;
                double distance = Bench.Ask("distance_box_iou_loss", Json(moved, target)).Loss!.Value;
                double angle = Math.Atan(4.0 / 3) - Math.Atan((moved[2] - moved[0]) / (moved[3] - moved[1]));
                return distance + (alpha * 4 / (Math.PI * Math.PI) * angle * angle);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Losses))]
    public void Loss_AtDegenerateBoxes_IsFiniteWithFiniteGradients(string loss)
    {
        double[][] boxes = [[0, 0, 0, 0], [1, 1, 1, 1], [0, 0, 2, 0], [0, 0, 0, 2], [0, 0, 2, 2], [2, 2, 4, 4], [1, 0, 3, 2]];
        foreach (double[] box in boxes)
        {
            foreach (double[] target in boxes)
            {
                Answer answer = Bench.Ask(Question.Of(loss, Json(box, target)).With("hessian", "diagonal"));
                Assert.All(answer.All(), part => Assert.All(part.Values, value => Assert.True(
                    double.IsFinite(value), $"{part.Name} is {value} for {Json(box, target)}")));
                bool flat = box[0] == box[2] || box[1] == box[3] || target[0] == target[2] || target[1] == target[3];
                Assert.Equal(flat, answer.Notes.Any(note => note.Code == "zero_area"));
            }
        }
    }

    [Theory]
    [MemberData(nameof(Losses))]
    public void Loss_OfCoincidentBoxes_IsNearlyNothingAndSaysTies(string loss)
    {
        Answer answer = Bench.Ask(loss, Json([0, 0, 2, 3], [0, 0, 2, 3]));
        Assert.InRange(answer.Loss!.Value, -1e-6, 1e-6);
        Assert.Contains(answer.Notes, note => note.Code == "ties" && note.Count == 1);
    }

    [Fact]
    public void IouLoss_OfBoxesApart_IsTheLogarithmOfEpsWithoutGradient()
    {
        Answer answer = Bench.Ask("iou_loss", Json([0, 0, 1, 1], [2, 2, 3, 3]));
        Assert.Equal(-Math.Log(1e-6), answer.Loss!.Value, 1e-12);
        Assert.All(answer.Gradients["boxes"], slope => Assert.Equal(0, slope));
        Assert.Contains(answer.Notes, note => note.Code == "no_overlap" && note.Count == 1);
    }

    [Fact]
    public void GeneralizedIou_OfABoxWithinItsTarget_IsOneLessTheIou()
    {
        double linear = Bench.Ask("iou_loss", """{"boxes":[[1,1,2,3]],"target_boxes":[[0,0,4,4]],"mode":"linear"}""").Loss!.Value;
        Assert.Equal(linear, Bench.Ask("generalized_box_iou_loss", Json([1, 1, 2, 3], [0, 0, 4, 4])).Loss!.Value, 1e-7);
    }

    [Fact]
    public void Weight_PerCorner_IsItsMean()
    {
        const string Two = """ "boxes":[[0,0,3,3.5],[0,0,2,2]],"target_boxes":[[1,1,5,4],[1,1,3,3]],"reduction":"none" """;
        Answer corners = Bench.Ask("generalized_box_iou_loss", $$"""{{{Two}},"weight":[[1,2,3,6],[0,0,0,0]]}""");
        Answer boxes = Bench.Ask("generalized_box_iou_loss", $$"""{{{Two}},"weight":[3,0]}""");
        Answer.AssertSameBits(boxes, corners, "weights of corners");
        Assert.Equal(0, corners.Losses[1]);
    }

    [Theory]
    [InlineData("""{"boxes":[[0,0,1]],"target_boxes":[[0,0,1]]}""", "/boxes", Codes.ShapeMismatch)]
    [InlineData("""{"boxes":[0,0,1,1,2],"target_boxes":[0,0,1,1,2]}""", "/boxes", Codes.ShapeMismatch)]
    [InlineData("""{"boxes":[[0,0,1,1]],"target_boxes":[[2,0,1,1]]}""", "/target_boxes", Codes.DomainError)]
    [InlineData("""{"boxes":[[0,0,1,1]],"target_boxes":[[0,0,1,1]],"weight":[[1,1,1]]}""", "/weight", Codes.ShapeMismatch)]
    public void Request_OfWrongBoxes_IsRefused(string json, string pointer, string code)
    {
        Mistake mistake = Bench.MistakesOf("iou_loss", json)[0];
        Assert.Equal((pointer, code), (mistake.Pointer, mistake.Code));
    }

    [Fact]
    public void Request_OfAPredictedBoxOutOfOrder_IsAnsweredWithANote()
    {
        Answer answer = Bench.Ask("complete_box_iou_loss", Json([2, 0, 1, 3], [0, 0, 2, 2]));
        double aspect = Math.Atan(1) - Math.Atan(-1.0 / 3);
        double v = 4 / (Math.PI * Math.PI) * aspect * aspect;
        double iou = -0.0; // the corners meet nowhere
        double distance = ((1.5 - 1) * (1.5 - 1)) + ((1.5 - 1) * (1.5 - 1));
        double expected = 1 - iou + (distance / (4 + 9 + 1e-7)) + (v * v / (1 - iou + v + 1e-7));
        Assert.Equal(expected, answer.Loss!.Value, 1e-12);
        Assert.Contains(answer.Notes, note => note.Code == "zero_area");
    }

    private static string Json(double[] box, double[] target) => FormattableString.Invariant(
        $$"""{"boxes":[[{{Text(box)}}]],"target_boxes":[[{{Text(target)}}]]}""");

    private static string Text(double[] numbers) =>
        string.Join(',', numbers.Select(number => number.ToString("R", System.Globalization.CultureInfo.InvariantCulture)));
}

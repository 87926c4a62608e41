using LossService.Conformance.Oracles.Harness;
using LossService.Engine;
using LossService.Engine.Cards;
using LossService.Engine.Numerics;
using Xunit;

namespace LossService.Conformance.Oracles;

public class OracleRequestTests
{
    [Fact]
    public void Of_EngineRequest_NamesWhatWasGiven()
    {
        LossCard card = Catalogue.All.Single(loss => loss.Card.Name == "sigmoid_focal_loss").Card;
        var pool = new TensorPool(1 << 20);
        using var request = new LossRequest(card);
        request.Set(0, Floats(pool, 0.5f, -0.5f), labels: null);
        request.Set(1, Floats(pool, 1, 0), labels: null);
        request.Set(card.PlaceOfParameter("alpha"), -1);
        request.Set(card.PlaceOfParameter("reduction"), Common.Reduction.ValueOf("sum"));
        request.Set(card.PlaceOfParameter("return_items"), 1);
        request.Resolve();

        OracleRequest question = OracleRequest.Of(request);

        Assert.Equal("sigmoid_focal_loss", question.Loss);
        Assert.Equal([0.5, -0.5], question.Inputs["logits"].Values);
        Assert.Equal([2L], question.Inputs["targets"].Shape);
        Assert.Equal(["logits"], question.Gradients);
        Assert.Equal(
            new Dictionary<string, object?>
            {
                ["alpha"] = null,
                ["reduction"] = "sum",
                ["return_items"] = true,
                ["dtype"] = "float32",
            },
            question.Parameters);
        Assert.Equal("float64", question.InFloat64().Parameters["dtype"]);
    }

    private static Tensor Floats(TensorPool pool, params float[] values)
    {
        var tensor = Tensor.Rent(pool, new Shape(values.Length), Element.Float32);
        values.CopyTo(tensor.Float32);
        return tensor;
    }
}

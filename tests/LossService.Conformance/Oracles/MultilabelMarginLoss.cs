using LossService.Conformance.Oracles.Harness;
using TorchSharp;
using static TorchSharp.torch;

namespace LossService.Conformance.Oracles;

internal sealed class MultilabelMarginLoss : IOracle
{
    public string Loss => "multilabel_margin_loss";

    public OracleItems Items(OracleInputs given)
    {
        Tensor z = given["logits"];
        Tensor rows = z.dim() == 1 ? z.unsqueeze(0) : z;
        Tensor labels = given.Labels("targets").reshape(rows.shape);
        long classes = rows.shape[1];

        // What follows the first -1 is not read; where nothing is read, class 0 stands in with weight 0.
        Tensor read = (labels < 0).to(ScalarType.Int64).cumsum(1) == 0;
        Tensor places = where(read, labels, zeros_like(labels));
        Tensor isRight = nn.functional.one_hot(places, classes).mul(read.unsqueeze(2)).sum(1) > 0;
        Tensor right = rows.gather(1, places);
        Tensor violations = Ops.Margin(1 - right.unsqueeze(2) + rows.unsqueeze(1), given);
        Tensor counts = read.unsqueeze(2).logical_and(isRight.logical_not().unsqueeze(1));
        Tensor items = where(counts, violations, zeros_like(violations)).sum([1, 2]) / classes;
        return new(z.dim() == 1 ? items.squeeze(0) : items);
    }
}

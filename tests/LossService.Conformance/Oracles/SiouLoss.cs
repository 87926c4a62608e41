using LossService.Conformance.Oracles.Harness;
using TorchSharp;
using static TorchSharp.torch;

namespace LossService.Conformance.Oracles;

internal sealed class SiouLoss : IOracle
{
    public string Loss => "siou_loss";

    public OracleItems Items(OracleInputs given)
    {
        var pair = new BoxPair(given);
        Tensor x = ((pair.TX1 + pair.TX2 - pair.X1 - pair.X2) * 0.5) + pair.Eps;
        Tensor y = ((pair.TY1 + pair.TY2 - pair.Y1 - pair.Y2) * 0.5) + pair.Eps;
        Tensor sigma = (x.square() + y.square()).sqrt();
        Tensor sine = BoxPair.Ratio(x.abs().minimum(y.abs()), sigma);
        Tensor angle = 2 * sine * (1 - sine.square()).sqrt(); // sin 2a of a = asin(sine)
        Tensor gamma = given.Flag("neg_gamma", true) ? angle - 2 : 2 - angle;
        Tensor distance = 2 - (gamma * BoxPair.Ratio(x, pair.AroundWidth).square()).exp()
            - (gamma * BoxPair.Ratio(y, pair.AroundHeight).square()).exp();
        Tensor shape = Unlike(pair.Width, pair.TargetWidth) + Unlike(pair.Height, pair.TargetHeight);
        Tensor loss = 1 - pair.Iou + (0.5 * (distance + shape));
        return pair.Weighted(
            given.Flag("clamp", false) ? BoxPair.AtLeast(-BoxPair.AtLeast(-loss, -2), 0) : loss);
    }

    private static Tensor Unlike(Tensor side, Tensor other) =>
        (1 - (-BoxPair.Ratio((side - other).abs(), side.maximum(other))).exp()).pow(4);
}

using LossService.Conformance.Oracles.Harness;
using TorchSharp;
using static TorchSharp.torch;

namespace LossService.Conformance.Oracles;

internal sealed class DistributionFocalLoss : IOracle
{
    public string Loss => "distribution_focal_loss";

    public OracleItems Items(OracleInputs given)
    {
        Tensor z = given["logits"];
        int axis = Ops.ClassAxis(z);
        Tensor y = given.Constant("targets")!.clamp(0, z.shape[axis] - 1).unsqueeze(axis);
        Tensor left = y.floor();
        Tensor right = (left + 1).clamp(0, z.shape[axis] - 1);
        Tensor surprisal = Ops.Surprisal(z);
        Tensor toRight = y - left;
        Tensor losses = Ops.Times(1 - toRight, surprisal.gather(axis, left.to(ScalarType.Int64)))
            + Ops.Times(toRight, surprisal.gather(axis, right.to(ScalarType.Int64)));
        return new(losses.squeeze(axis));
    }
}

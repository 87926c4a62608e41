using LossService.Conformance.Oracles.Harness;
using TorchSharp;
using static TorchSharp.torch;

namespace LossService.Conformance.Oracles;

internal sealed class BradleyTerryLoss : IOracle
{
    public string Loss => "bradley_terry_loss";

    public OracleItems Items(OracleInputs given)
    {
        Tensor chosen = given["chosen_rewards"];
        Tensor rejected = given["rejected_rewards"];
        Tensor lead = given.Constant("margins") is Tensor margins ? chosen - rejected - margins : chosen - rejected;
        Tensor centering = given.Number("center_rewards_coefficient", 0) * (chosen + rejected).square();
        return new(Ops.Softplus(-lead) + centering);
    }
}

using LossService.Conformance.Oracles.Harness;
using TorchSharp;
using static TorchSharp.torch;

namespace LossService.Conformance.Oracles;

internal sealed class OrpoLoss : IOracle
{
    public string Loss => "orpo_loss";

    public OracleItems Items(OracleInputs given)
    {
        Tensor chosen = Preference.Policy(given, "chosen", averages: true);
        Tensor rejected = Preference.Policy(given, "rejected", averages: true);
        return new((Preference.Beta(given) * Ops.Softplus(LogOdds(rejected) - LogOdds(chosen))) - chosen);
    }

    private static Tensor LogOdds(Tensor logp)
    {
        Tensor near = logp.detach() > -Math.Log(2);
        Tensor above = where(near, logp, -ones_like(logp));
        Tensor below = where(near, -ones_like(logp), logp);
        return logp - where(near, (-above.expm1()).log(), (-below.exp()).log1p());
    }
}

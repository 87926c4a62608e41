using System.Runtime.CompilerServices;
using LossService.Engine.Cards;
using LossService.Engine.Families;
using LossService.Engine.Lanes;

namespace LossService.Engine.Losses.Preference;

internal readonly struct RobustDpoLoss(double beta, double smoothing, bool averages) : IPreferenceLoss<RobustDpoLoss>
{
    public static LossCard Card { get; } = new()
    {
        Name = "robust_dpo_loss",
        Family = "preference",
        Aliases = ["robust_dpo", "rdpo_loss"],
        Summary = "Raises the chosen answer above the rejected one, unbiased by wrong preferences.",
        Formula = @"\frac{(1-\epsilon)\,\mathrm{softplus}(-\beta\Delta)-\epsilon\,\mathrm{softplus}(\beta\Delta)}{1-2\epsilon},\qquad \Delta=(\pi_c-\rho_c)-(\pi_r-\rho_r)",
        References =
        [
            new("Chowdhury et al., Provably Robust DPO, 2024", "https://arxiv.org/abs/2403.00409"),
            new("TRL, DPO Trainer", "https://huggingface.co/docs/trl/dpo_trainer"),
        ],
        Inputs = PreferenceInputs.WithReference,
        Items = "N",
        Parameters = [PreferenceInputs.Beta, PreferenceInputs.LabelSmoothing, PreferenceInputs.LengthNormalize],
        Edges =
        [
            "It may be negative: for large margins it falls along a line.",
            PreferenceInputs.LengthsEdge,
        ],
        Examples = [PreferenceInputs.Noisy],
    };

    public static int Operands => 4;

    public bool Averages => averages;

    public static RobustDpoLoss Configure(Settings settings) => new(
        settings[PreferenceInputs.Beta], settings[PreferenceInputs.LabelSmoothing],
        settings.IsOn(PreferenceInputs.LengthNormalize));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Loss<V>(V a, V b, V c, V d) where V : struct, ILane<V>
    {
        // softplus(h) is softplus(-h) + h, so that only what is left of their difference is formed.
        V margin = beta * (a - c - (b - d));
        return V.Logistic(margin).SoftplusOfMinus - V.ZeroTimes(smoothing / (1 - (2 * smoothing)), margin);
    }

}

using System.Runtime.CompilerServices;
using LossService.Engine.Cards;
using LossService.Engine.Families;
using LossService.Engine.Lanes;

namespace LossService.Engine.Losses.Preference;

internal readonly struct DpoLoss(double beta, bool averages) : IPreferenceLoss<DpoLoss>
{
    public static LossCard Card { get; } = new()
    {
        Name = "dpo_loss",
        Family = "preference",
        Aliases = ["dpo"],
        Summary = "Raises the chosen answer above the rejected one, relative to a reference.",
        Formula = @"\mathrm{softplus}(-\beta\Delta),\qquad \Delta=(\pi_c-\rho_c)-(\pi_r-\rho_r)",
        References =
        [
            new("Rafailov et al., Direct Preference Optimization, 2023", "https://arxiv.org/abs/2305.18290"),
            new("TRL, DPO Trainer", "https://huggingface.co/docs/trl/dpo_trainer"),
        ],
        Inputs = PreferenceInputs.WithReference,
        Items = "N",
        Parameters = [PreferenceInputs.Beta, PreferenceInputs.LengthNormalize],
        Edges =
        [
            PreferenceInputs.LengthsEdge,
        ],
        Examples =
        [
            new("simple", "A pair that is in order and one that is not.",
                """{"policy_chosen_logps":[-10.0,-21.0],"policy_rejected_logps":[-12.0,-19.5],"reference_chosen_logps":[-11.0,-20.0],"reference_rejected_logps":[-11.5,-20.0]}"""),
            new("tokens", "Token by token, padded; the rejected answer is shorter.",
                """{"policy_chosen_logps":[[-1.0,-0.5,-2.0]],"policy_rejected_logps":[[-2.0,-1.5]],"reference_chosen_logps":[[-1.5,-0.5,-2.0]],"reference_rejected_logps":[[-1.5,-1.0]],"chosen_lengths":[3],"rejected_mask":[[true,false]]}"""),
            new("normalized", "Averages over tokens.",
                """{"policy_chosen_logps":[-10.0,-21.0],"policy_rejected_logps":[-12.0,-19.5],"reference_chosen_logps":[-11.0,-20.0],"reference_rejected_logps":[-11.5,-20.0],"chosen_lengths":[12,30],"rejected_lengths":[10,28],"length_normalize":true,"beta":2.0}"""),
        ],
    };

    public static int Operands => 4;

    public bool Averages => averages;

    public static DpoLoss Configure(Settings settings) => new(
        settings[PreferenceInputs.Beta], settings.IsOn(PreferenceInputs.LengthNormalize));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Loss<V>(V a, V b, V c, V d) where V : struct, ILane<V> =>
        V.Logistic(beta * (a - c - (b - d))).SoftplusOfMinus;

}

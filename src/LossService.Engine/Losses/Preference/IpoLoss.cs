using System.Runtime.CompilerServices;
using LossService.Engine.Cards;
using LossService.Engine.Families;
using LossService.Engine.Lanes;

namespace LossService.Engine.Losses.Preference;

internal readonly struct IpoLoss(double beta, bool averages) : IPreferenceLoss<IpoLoss>
{
    public static LossCard Card { get; } = new()
    {
        Name = "ipo_loss",
        Family = "preference",
        Aliases = ["ipo"],
        Summary = "Draws the margin between two answers towards a fixed size.",
        Formula = @"\left(\Delta-\frac{1}{2\beta}\right)^2,\qquad \Delta=(\pi_c-\rho_c)-(\pi_r-\rho_r)",
        References =
        [
            new("Azar et al., A General Theoretical Paradigm to Understand Learning from Human Preferences, 2023", "https://arxiv.org/abs/2310.12036"),
            new("TRL, DPO Trainer", "https://huggingface.co/docs/trl/dpo_trainer"),
        ],
        Inputs = PreferenceInputs.WithReference,
        Items = "N",
        Parameters = [PreferenceInputs.Beta, PreferenceInputs.LengthNormalize],
        Edges =
        [
            "The publication sums over tokens; TRL averages: length_normalize with both lengths.",
            PreferenceInputs.LengthsEdge,
        ],
        Examples =
        [
            new("simple", "A pair that is in order and one that is not.",
                """{"policy_chosen_logps":[-10.0,-21.0],"policy_rejected_logps":[-12.0,-19.5],"reference_chosen_logps":[-11.0,-20.0],"reference_rejected_logps":[-11.5,-20.0]}"""),
            new("averaged", "As TRL has it.",
                """{"policy_chosen_logps":[-10.0,-21.0],"policy_rejected_logps":[-12.0,-19.5],"reference_chosen_logps":[-11.0,-20.0],"reference_rejected_logps":[-11.5,-20.0],"chosen_lengths":[12,30],"rejected_lengths":[10,28],"length_normalize":true}"""),
        ],
    };

    public static int Operands => 4;

    public bool Averages => averages;

    public static IpoLoss Configure(Settings settings) => new(
        settings[PreferenceInputs.Beta], settings.IsOn(PreferenceInputs.LengthNormalize));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Loss<V>(V a, V b, V c, V d) where V : struct, ILane<V>
    {
        V gap = a - c - (b - d) - (1 / (2 * beta));
        return gap * gap;
    }

}

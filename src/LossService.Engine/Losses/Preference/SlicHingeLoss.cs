using System.Runtime.CompilerServices;
using LossService.Engine.Cards;
using LossService.Engine.Families;
using LossService.Engine.Lanes;

namespace LossService.Engine.Losses.Preference;

internal readonly struct SlicHingeLoss(double beta, bool averages, double tie) : IPreferenceLoss<SlicHingeLoss>
{
    private readonly double _beta = beta;

    public static bool HasCorner => true;

    public static LossCard Card { get; } = new()
    {
        Name = "slic_hinge_loss",
        Family = "preference",
        Aliases = ["slic", "slic_loss"],
        Summary = "Wants the chosen answer above the rejected one, by a margin.",
        Formula = @"\max(0,\ 1-\beta\Delta),\qquad \Delta=(\pi_c-\rho_c)-(\pi_r-\rho_r)",
        References =
        [
            new("Zhao et al., SLiC-HF, 2023", "https://arxiv.org/abs/2305.10425"),
            new("TRL, DPO Trainer", "https://huggingface.co/docs/trl/dpo_trainer"),
        ],
        Inputs = PreferenceInputs.WithReference,
        Items = "N",
        Parameters = [PreferenceInputs.Beta, PreferenceInputs.LengthNormalize],
        Edges =
        [
            "At the corner the slope is 0; the member tie changes that.",
            PreferenceInputs.LengthsEdge,
        ],
        Examples =
        [
            new("simple", "A pair that is in order and one that is not.",
                """{"policy_chosen_logps":[-10.0,-21.0],"policy_rejected_logps":[-12.0,-19.5],"reference_chosen_logps":[-11.0,-20.0],"reference_rejected_logps":[-11.5,-20.0]}"""),
        ],
    };

    public static int Operands => 4;

    public bool Averages => averages;

    public static SlicHingeLoss Configure(Settings settings) => new(
        settings[PreferenceInputs.Beta], settings.IsOn(PreferenceInputs.LengthNormalize), settings.Tie);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Loss<V>(V a, V b, V c, V d) where V : struct, ILane<V> =>
        V.Hinge(Corner(this, a, b, c, d), tie);


    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Corner<V>(SlicHingeLoss loss, V a, V b, V c, V d) where V : struct, ILane<V> =>
        1.0 - (loss._beta * (a - c - (b - d)));
}

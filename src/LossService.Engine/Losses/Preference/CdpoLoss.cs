using System.Runtime.CompilerServices;
using LossService.Engine.Cards;
using LossService.Engine.Families;
using LossService.Engine.Lanes;

namespace LossService.Engine.Losses.Preference;

internal readonly struct CdpoLoss(double beta, double smoothing, bool averages) : IPreferenceLoss<CdpoLoss>
{
    public static LossCard Card { get; } = new()
    {
        Name = "cdpo_loss",
        Family = "preference",
        Aliases = ["cdpo", "conservative_dpo_loss"],
        Summary = "Raises chosen answers above rejected ones, some of them the wrong way round.",
        Formula = @"(1-\epsilon)\,\mathrm{softplus}(-\beta\Delta)+\epsilon\,\mathrm{softplus}(\beta\Delta),\qquad \Delta=(\pi_c-\rho_c)-(\pi_r-\rho_r)",
        References =
        [
            new("Mitchell, A Note on DPO with Noisy Preferences, 2023", "https://ericmitchell.ai/cdpo.pdf"),
            new("TRL, DPO Trainer", "https://huggingface.co/docs/trl/dpo_trainer"),
        ],
        Inputs = PreferenceInputs.WithReference,
        Items = "N",
        Parameters = [PreferenceInputs.Beta, PreferenceInputs.LabelSmoothing, PreferenceInputs.LengthNormalize],
        Edges =
        [
            "With label_smoothing 0 it is DPO.",
            PreferenceInputs.LengthsEdge,
        ],
        Examples = [PreferenceInputs.Noisy],
    };

    public static int Operands => 4;

    public bool Averages => averages;

    public static CdpoLoss Configure(Settings settings) => new(
        settings[PreferenceInputs.Beta], settings[PreferenceInputs.LabelSmoothing],
        settings.IsOn(PreferenceInputs.LengthNormalize));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Loss<V>(V a, V b, V c, V d) where V : struct, ILane<V>
    {
        Logistic<V> at = V.Logistic(beta * (a - c - (b - d)));
        return ((1 - smoothing) * at.SoftplusOfMinus) + (smoothing * at.Softplus);
    }

}

using System.Runtime.CompilerServices;
using LossService.Engine.Cards;
using LossService.Engine.Families;
using LossService.Engine.Lanes;

namespace LossService.Engine.Losses.Preference;

internal readonly struct CpoLoss(double beta, double alpha) : IPreferenceLoss<CpoLoss>
{
    private static readonly Parameter Alpha = Parameter.Number(
        "cpo_alpha", 1, "The weight of the chosen answer's own negative log-likelihood.", min: 0);

    public static LossCard Card { get; } = new()
    {
        Name = "cpo_loss",
        Family = "preference",
        Aliases = ["cpo"],
        Summary = "Raises the chosen answer above the rejected one while imitating it.",
        Formula = @"\mathrm{softplus}(-\beta(\pi_c-\pi_r))-\alpha\,\pi_c/T_c",
        References =
        [
            new("Xu et al., Contrastive Preference Optimization, 2024", "https://arxiv.org/abs/2401.08417"),
            new("TRL, CPO Trainer", "https://huggingface.co/docs/trl/cpo_trainer"),
        ],
        Inputs = PreferenceInputs.PolicyOnly,
        Items = "N",
        Parameters = [PreferenceInputs.Beta, Alpha],
        Edges =
        [
            "The margin is of sums over tokens, the imitated likelihood their average where chosen_lengths is given or tokens are.",
            "TRL averages that likelihood over the tokens of the whole batch instead of answer by answer.",
        ],
        Examples =
        [
            new("simple", "Sums over tokens, and the length to average the likelihood by.",
                """{"policy_chosen_logps":[-10.0,-21.0],"policy_rejected_logps":[-12.0,-19.5],"chosen_lengths":[12,30]}"""),
        ],
    };

    public static int Operands => 3;

    public bool Averages => false;

    public static CpoLoss Configure(Settings settings) => new(settings[PreferenceInputs.Beta], settings[Alpha]);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Loss<V>(V a, V b, V c, V d) where V : struct, ILane<V> =>
        V.Logistic(beta * (a - b)).SoftplusOfMinus - (alpha * (a / c));

}

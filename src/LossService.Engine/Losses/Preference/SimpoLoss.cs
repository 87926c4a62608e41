using System.Runtime.CompilerServices;
using LossService.Engine.Cards;
using LossService.Engine.Families;
using LossService.Engine.Lanes;

namespace LossService.Engine.Losses.Preference;

internal readonly struct SimpoLoss(double beta, double gamma, bool averages) : IPreferenceLoss<SimpoLoss>
{
    private static readonly Parameter Gamma = Parameter.Number(
        "simpo_gamma", 0.5, "The margin by which the chosen answer must lead.", min: 0);

    public static LossCard Card { get; } = new()
    {
        Name = "simpo_loss",
        Family = "preference",
        Aliases = ["simpo"],
        Summary = "Raises the chosen answer's average likelihood above the rejected one's.",
        Formula = @"\mathrm{softplus}(-(\beta(\bar\pi_c-\bar\pi_r)-\gamma))",
        References =
        [
            new("Meng et al., SimPO: Simple Preference Optimization with a Reference-Free Reward, 2024", "https://arxiv.org/abs/2405.14734"),
            new("TRL, CPO Trainer", "https://huggingface.co/docs/trl/cpo_trainer"),
        ],
        Inputs = PreferenceInputs.PolicyOnly,
        Items = "N",
        Parameters = [PreferenceInputs.Beta, Gamma, PreferenceInputs.LengthNormalized],
        Edges =
        [
            "Without lengths the numbers are taken as averages over tokens already.",
            "beta 0.1 is TRL's default; the publication has 2 and more.",
        ],
        Examples =
        [
            new("sums", "Sums over tokens, with the lengths to average them by.",
                """{"policy_chosen_logps":[-10.0,-21.0],"policy_rejected_logps":[-12.0,-19.5],"chosen_lengths":[12,30],"rejected_lengths":[10,28],"beta":2.0}"""),
            new("averages", "Averages over tokens.",
                """{"policy_chosen_logps":[-0.8],"policy_rejected_logps":[-1.2],"beta":2.0}"""),
        ],
    };

    public static int Operands => 2;

    public bool Averages => averages;

    public static SimpoLoss Configure(Settings settings) => new(
        settings[PreferenceInputs.Beta], settings[Gamma], settings.IsOn(PreferenceInputs.LengthNormalized));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Loss<V>(V a, V b, V c, V d) where V : struct, ILane<V> =>
        V.Logistic((beta * (a - b)) - gamma).SoftplusOfMinus;

}

using System.Runtime.CompilerServices;
using LossService.Engine.Cards;
using LossService.Engine.Families;
using LossService.Engine.Lanes;

namespace LossService.Engine.Losses.Preference;

internal readonly struct OrpoLoss(double beta, bool averages) : IPreferenceLoss<OrpoLoss>
{
    private const double LogTwo = 0.6931471805599453;

    public static LossCard Card { get; } = new()
    {
        Name = "orpo_loss",
        Family = "preference",
        Aliases = ["orpo"],
        Summary = "Imitates the chosen answer and raises its odds above the rejected one's.",
        Formula = @"-\bar\pi_c+\beta\,\mathrm{softplus}(-o),\qquad o=\bar\pi_c-\bar\pi_r-\log\frac{1-e^{\bar\pi_c}}{1-e^{\bar\pi_r}}",
        References =
        [
            new("Hong et al., ORPO: Monolithic Preference Optimization without Reference Model, 2024", "https://arxiv.org/abs/2403.07691"),
            new("TRL, ORPO Trainer", "https://huggingface.co/docs/trl/orpo_trainer"),
        ],
        Inputs = PreferenceInputs.PolicyWithin(new(double.NegativeInfinity, 0)),
        Items = "N",
        Parameters = [PreferenceInputs.Beta, PreferenceInputs.LengthNormalized],
        Edges =
        [
            "Without lengths the numbers are taken as averages over tokens already.",
            "A log-probability of 0 has infinite odds: of the chosen answer the odds term vanishes, with a finite slope; of the rejected one it is infinite.",
            "Where both are 0 the answer is the limit along equal ones: an odds term of beta log 2, with infinite slopes.",
        ],
        Examples =
        [
            new("sums", "Sums over tokens, with the lengths to average them by.",
                """{"policy_chosen_logps":[-10.0,-21.0],"policy_rejected_logps":[-12.0,-19.5],"chosen_lengths":[12,30],"rejected_lengths":[10,28]}"""),
            new("averages", "Averages over tokens.",
                """{"policy_chosen_logps":[-0.8],"policy_rejected_logps":[-1.2]}"""),
        ],
    };

    public static int Operands => 2;

    public bool Averages => averages;

    public static OrpoLoss Configure(Settings settings) => new(
        settings[PreferenceInputs.Beta], settings.IsOn(PreferenceInputs.LengthNormalized));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Loss<V>(V a, V b, V c, V d) where V : struct, ILane<V>
    {
        // Two answers alike have even odds, also where both are infinite.
        V odds = V.Select(V.Same(a, b), 0, LogOdds(V.Stop(a)) - LogOdds(V.Stop(b)));
        V term = V.Logistic(odds).SoftplusOfMinus;

        // At p = 1 the slope of the log-odds is infinite and the sigmoid it meets is 0. Of the chosen answer their
        // product is p_r / (p_r (1 - p_c) + p_c (1 - p_r)), written by that ratio of p_c and p_r that is below 1.
        V missOfA = -V.Expm1(a);
        V missOfB = -V.Expm1(b);
        V isLess = a < b;
        V ratio = V.Exp(V.Select(isLess, a - b, b - a));
        V onA = V.Select(isLess, 1, ratio)
            / V.Select(isLess, missOfA + (ratio * missOfB), (ratio * missOfA) + missOfB);
        V sigmoid = V.Select(V.Same(a + b, 0), 0.5, missOfA * onA);
        return (beta * V.WithSlope(V.WithSlope(term, a, -onA), b, sigmoid / missOfB)) - a;
    }

    // log(p / (1 - p)) of p = e^a, where 1 - p keeps its digits on both sides (Maechler, Accurately Computing
    // log(1 - exp(-|a|)), 2012).
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static V LogOdds<V>(V a) where V : struct, ILane<V> =>
        a - V.Select(a > -LogTwo, V.Log(-V.Expm1(a)), V.Log1p(-V.Exp(a)));
}

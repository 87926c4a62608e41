using System.Runtime.CompilerServices;
using LossService.Engine.Cards;
using LossService.Engine.Families;
using LossService.Engine.Lanes;

namespace LossService.Engine.Losses.Preference;

internal readonly struct BradleyTerryLoss(double centering, bool hasMargins) : ITernaryLoss<BradleyTerryLoss>
{
    private const string Margins = "margins";

    private static readonly Parameter Centering = Parameter.Number(
        "center_rewards_coefficient", 0, "The weight of (r_c + r_r)^2, which keeps rewards around 0; TRL suggests 0.01.", min: 0);

    public static LossCard Card { get; } = new()
    {
        Name = "bradley_terry_loss",
        Family = "preference",
        Aliases = ["bradley_terry", "reward_loss", "reward_model_loss"],
        Summary = "Wants the chosen answer's reward above the rejected one's: for reward models.",
        Formula = @"\mathrm{softplus}(-(r_c-r_r-m))+c\,(r_c+r_r)^2",
        References =
        [
            new("Bradley and Terry, Rank Analysis of Incomplete Block Designs, 1952", "https://doi.org/10.2307/2334029"),
            new("TRL, Reward Trainer", "https://huggingface.co/docs/trl/reward_trainer"),
        ],
        Inputs =
        [
            new("chosen_rewards", "*S", "Rewards r_c of the chosen answers; any shape.") { Gradient = GradientRule.Default },
            new("rejected_rewards", "*S", "Rewards r_r of the rejected answers.") { Gradient = GradientRule.Default },
            new(Margins, "*S", "By how much each chosen answer is better, m; 0 when absent.") { Optional = true, Domain = Domain.Real },
        ],
        Items = "*S",
        Parameters = [Centering],
        Examples =
        [
            new("simple", "A pair that is in order and one that is not.", """{"chosen_rewards":[1.2,0.1],"rejected_rewards":[0.3,0.5]}"""),
            new("margins", "With margins, and rewards kept around 0.",
                """{"chosen_rewards":[1.2,0.1],"rejected_rewards":[0.3,0.5],"margins":[1.0,0.0],"center_rewards_coefficient":0.01}"""),
        ],
    };

    public static BradleyTerryLoss Configure(Settings settings) => new(settings[Centering], settings.Has(Margins));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Loss<V>(V x, V y, V z) where V : struct, ILane<V>
    {
        V lead = hasMargins ? x - y - z : x - y; // an operand that is absent reads as 1
        V loss = V.Logistic(lead).SoftplusOfMinus;
        V sum = x + y;
        return centering == 0 ? loss : loss + (centering * (sum * sum));
    }
}

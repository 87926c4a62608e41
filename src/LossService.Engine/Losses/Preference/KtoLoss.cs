using System.Runtime.CompilerServices;
using LossService.Engine.Cards;
using LossService.Engine.Families;
using LossService.Engine.Lanes;
using LossService.Engine.Numerics;

namespace LossService.Engine.Losses.Preference;

internal readonly struct KtoLoss(double beta, double desirable, double undesirable, double kl)
    : IPreferenceLoss<KtoLoss>
{
    private const string Ratios = "kl_logratios";
    private const string Lengths = "completion_lengths";
    private const string Mask = "completion_mask";

    private static readonly Parameter Desirable = Parameter.Number(
        "desirable_weight", 1, "The weight of desirable answers.", min: 0);

    private static readonly Parameter Undesirable = Parameter.Number(
        "undesirable_weight", 1, "The weight of undesirable answers.", min: 0);

    private static readonly Parameter Kl = Parameter.Number(
        "kl", double.NaN, "The divergence from the reference, a constant; null takes it from the batch.", min: 0);

    public static LossCard Card { get; } = new()
    {
        Name = "kto_loss",
        Family = "preference",
        Aliases = ["kto"],
        Summary = "Raises desirable answers and lowers undesirable ones, with no pairs.",
        Formula = @"\lambda_D\,\sigma(-\beta(r-z))\ \text{ if desirable},\quad \lambda_U\,\sigma(\beta(r-z))\ \text{ else},\qquad r=\pi-\rho,\ z=\max(0,\overline{r'})",
        References =
        [
            new("Ethayarajh et al., KTO: Model Alignment as Prospect Theoretic Optimization, 2024", "https://arxiv.org/abs/2402.01306"),
            new("TRL, KTO Trainer", "https://huggingface.co/docs/trl/kto_trainer"),
        ],
        Inputs =
        [
            PreferenceInputs.Policy("policy_logps", "each answer", Domain.Any, Lengths, Mask),
            PreferenceInputs.Reference("reference_logps", "same", "T", Lengths, Mask),
            new("targets", "N", "1 for a desirable answer, 0 for an undesirable one.") { Domain = Domain.Binary },
            new(Ratios, "N", "Policy less reference log-probability r' of answers to other prompts, whose mean is the divergence; the batch's own r when absent.")
            {
                Optional = true,
                Domain = Domain.Real,
            },
            PreferenceInputs.LengthsOf(Lengths, "answer"),
            PreferenceInputs.MaskOf(Mask, Lengths, "answer"),
        ],
        Items = "N",
        Parameters = [PreferenceInputs.Beta, Desirable, Undesirable, Kl],
        Edges =
        [
            "The divergence is the mean over the finite samples that count, 0 where it would be negative; it has no gradient, and a note tells it.",
            "Batches that are split keep their answers when kl is given.",
        ],
        Examples =
        [
            new("simple", "One answer to praise and one to blame.",
                """{"policy_logps":[-10.0,-19.5],"reference_logps":[-11.0,-20.0],"targets":[1,0]}"""),
            new("mismatched", "The divergence from answers to other prompts.",
                """{"policy_logps":[-10.0,-19.5],"reference_logps":[-11.0,-20.0],"targets":[1,0],"kl_logratios":[0.2,-0.1]}"""),
        ],
    };

    public static int Operands => 3;

    public bool Averages => false;

    public static KtoLoss Configure(Settings settings) => new(
        settings[PreferenceInputs.Beta], settings[Desirable], settings[Undesirable], settings[Kl]);

    public static KtoLoss Prepare(
        KtoLoss loss, LossResult result, Func<int, bool> isLeftOut, Workshop workshop) =>
        loss.Prepared(result, isLeftOut, workshop);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Loss<V>(V a, V b, V c, V d) where V : struct, ILane<V>
    {
        Logistic<V> at = V.Logistic(beta * (a - b - kl));
        return V.Select(c > 0, desirable * at.SigmoidOfMinus, undesirable * at.Sigmoid);
    }

    private KtoLoss Prepared(LossResult result, Func<int, bool> isLeftOut, Workshop workshop)
    {
        if (!double.IsNaN(kl))
        {
            return this;
        }

        LossRequest request = result.Request;
        var policy = new AnswerLogps(request, 0);
        var reference = new AnswerLogps(request, 1);
        Tensor? ratios = request.Tensor(Ratios);
        int count = 0;
        var pace = new Pace(workshop);
        double sum = Sums.Of(request.Solution!.Items.Elements, sample =>
        {
            pace.Count(policy.Stride);
            double ratio = ratios?.ValueAt(sample) ?? policy[sample] - reference[sample];
            bool counts = !isLeftOut(sample) && double.IsFinite(ratio); // one NaN must not make every sample's loss NaN
            count += counts ? 1 : 0;
            return counts ? ratio : 0;
        });
        double mean = count == 0 || sum < 0 ? 0 : sum / count;
        result.Notes.Add(new("detached", "Taken from the batch as a constant, which has no gradient; give it to fix it.")
        {
            Values = [(Kl.Name, mean)],
        });
        return new(beta, desirable, undesirable, mean);
    }
}

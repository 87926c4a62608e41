using LossService.Engine.Cards;
using LossService.Engine.Families;
using LossService.Engine.Lanes;

namespace LossService.Engine.Losses.Classification;

internal readonly struct SeesawLoss(double mitigation, double compensation, double logFloor, bool detaches, int ignore)
    : IScoreRowLoss<SeesawLoss>
{
    private static readonly Parameter Mitigation = Parameter.Number(
        "p", 0.8, "How much rarer classes are spared by frequent ones; 0 means not at all.", min: 0);

    private static readonly Parameter Compensation = Parameter.Number(
        "q", 2, "How much a class is pressed that is mistaken for the right one; 0 means not at all.", min: 0);

    private static readonly Parameter Eps = Parameter.Number(
        "eps", 0.01, "The least probability of the right class that others are compared with.", min: 0, max: 1, minOpen: true);

    private static readonly Parameter Detach = Parameter.Flag(
        "detach_factors", true, "Takes the factors as constants, as mmdetection does.");

    public static LossCard Card { get; } = new()
    {
        Name = "seesaw_loss",
        Family = "classification",
        Summary = "Balances rare classes against frequent ones by how often each was seen.",
        Formula = @"-\log\frac{e^{z_y}}{\sum_j S_{yj}e^{z_j}},\quad S_{yj}=\min\Bigl(1,\frac{N_j}{N_y}\Bigr)^{p}\max\Bigl(1,\frac{p_j}{\max(p_y,\epsilon)}\Bigr)^{q},\ S_{yy}=1",
        References =
        [
            new("Wang et al., Seesaw Loss for Long-Tailed Instance Segmentation, 2021", "https://arxiv.org/abs/2008.10032"),
            new("mmdetection, SeesawLoss", "https://github.com/open-mmlab/mmdetection"),
        ],
        Inputs =
        [
            new("logits", "N C | C", "Scores z; classes on the second axis, or alone.") { Gradient = GradientRule.Default },
            new("targets", "Class indices.", [ClassInputs.LabelsOf("N"), ClassInputs.LabelsOf("")]),
            new("class_counts", "C", "How often each class was seen before this batch; absent for never.")
            {
                Optional = true,
                Domain = Domain.NonNegative,
            },
        ],
        Items = "N | ",
        CostFactor = 4,
        Parameters = [Mitigation, Compensation, Eps, Detach, ClassInputs.IgnoreIndex],
        Outputs = [new("class_counts", "C", InputKind.Number, "The counts with this batch's labels, for the next request.")],
        SamplesMeet = true,
        Edges =
        [
            "The batch's own labels are counted first; a class that was never seen counts as seen once.",
            "The service keeps no state: send the class_counts of an answer with the next request.",
            "mmdetection's separate score for objects is a cross_entropy of its own.",
        ],
        Presets = [new("mmdet", ("p", "0.8"), ("q", "2"), ("eps", "0.01"), ("avg_factor_eps", "1.1920929e-07"))],
        Examples =
        [
            new("simple", "Two rows; the first class was seen often.",
                """{"logits":[[2.0,1.0,0.1],[0.5,2.5,-1.0]],"targets":[0,2],"class_counts":[100,10,1]}"""),
        ],
    };

    public static string? Counts => "class_counts";

    public int? IgnoreIndex => ignore;

    public static SeesawLoss Configure(Settings settings) => new(
        settings[Mitigation], settings[Compensation], ScalarLane.Log(settings[Eps]).Value, settings.IsOn(Detach),
        (int)settings[ClassInputs.IgnoreIndex]);

    public double Row(in ScoreRow row)
    {
        int y = row.Label;
        var plain = new RowOfProbabilities(row.Scores, row.Room);
        if (!plain.Exists)
        {
            return row.Undefined();
        }

        Span<double> shifted = row.MoreRoom[..row.Scores.Length];
        double own = Math.Max(-plain.SurprisalOf(y), logFloor);
        for (int c = 0; c < shifted.Length; c++)
        {
            shifted[c] = row.Scores[c] + (c == y ? 0 : LogMitigation(row.Counts, c, y) + LogExcess(plain, c, own));
        }

        // The factors' slopes need the plain softmax, whose room the seesaw's own takes over.
        Span<double> before = row.Slopes;
        int top = 0;
        for (int c = 0; c < shifted.Length; c++)
        {
            before[c] = detaches || c == y || LogExcess(plain, c, own) <= 0 ? 0 : 1;
            row.Curves[c] = plain[c];
            top = plain[c] > plain[top] ? c : top;
        }

        double missOfTop = plain.MissOf(top); // no other class can be near 1
        bool isFloored = -plain.SurprisalOf(y) < logFloor;
        var p = new RowOfProbabilities(shifted, row.Room);
        if (!p.Exists)
        {
            return row.Undefined();
        }

        double pressed = 0;
        double others = 0;
        for (int c = 0; c < shifted.Length; c++)
        {
            pressed += before[c] * p[c];
            others += (1 - before[c]) * p[c];
        }

        for (int c = 0; c < shifted.Length; c++)
        {
            double isPressed = before[c];
            double plainly = row.Curves[c];
            double direct = c == y ? -p.MissOf(y) : p[c];
            double onOwn = isFloored ? 0 : (c == y ? 1 : 0) - plainly;
            row.Slopes[c] = direct + (compensation * ((isPressed * p[c]) - (pressed * (plainly + onOwn))));

            // How the factors of all pressed classes move with z_c, and what that bends: with J_k = ∂z'_k / ∂z_c the
            // Hessian is Σ p_k J_k² - (Σ p_k J_k)² + Σ p_k ∂J_k / ∂z_c.
            double moved = compensation * (isFloored ? -plainly : c == y ? -1 : 0);
            double raised = 1 + (compensation * isPressed);
            double miss = c == top ? missOfTop : 1 - plainly;
            row.Curves[c] = (raised * raised * p[c] * p.MissOf(c))
                + (2 * moved * raised * p[c] * (isPressed == 0 ? -pressed : others))
                + (moved * moved * pressed * others)
                - (isFloored ? compensation * pressed * plainly * miss : 0);
        }

        return p.SurprisalOf(y);
    }

    private double LogMitigation(ReadOnlySpan<double> counts, int c, int y)
    {
        double ratio = Math.Max(1, counts[c]) / Math.Max(1, counts[y]);
        return ratio < 1 && mitigation > 0 ? mitigation * ScalarLane.Log(ratio).Value : 0;
    }

    private double LogExcess(in RowOfProbabilities p, int c, double own) =>
        compensation > 0 ? compensation * Math.Max(0, -p.SurprisalOf(c) - own) : 0;
}

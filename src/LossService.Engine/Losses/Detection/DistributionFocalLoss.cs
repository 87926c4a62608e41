using LossService.Engine.Cards;
using LossService.Engine.Families;

namespace LossService.Engine.Losses.Detection;

internal readonly struct DistributionFocalLoss : IScoreRowLoss<DistributionFocalLoss>
{
    public static LossCard Card { get; } = new()
    {
        Name = "distribution_focal_loss",
        Family = "detection",
        Aliases = ["dfl", "dfl_loss"],
        Summary = "Learns where a box's edge lies as a distribution over bins around it.",
        Formula = @"-(l+1-y)\log p_l-(y-l)\log p_{l+1},\qquad l=\lfloor y\rfloor,\ p=\mathrm{softmax}(z)",
        References =
        [
            new("Li et al., Generalized Focal Loss, 2020", "https://arxiv.org/abs/2006.04388"),
            new("mmdetection, DistributionFocalLoss", "https://github.com/open-mmlab/mmdetection/blob/main/mmdet/models/losses/gfocal_loss.py"),
        ],
        Inputs =
        [
            new("logits", "N C *D | C", "A score per bin, z; bins on the second axis, or alone.") { Gradient = GradientRule.Default },
            new("targets", "N *D | ", "Where the edge lies, y, in bins, from 0 to C - 1.") { Domain = Domain.NonNegative },
        ],
        Items = "N *D | ",
        Edges =
        [
            "A target beyond the last bin counts as the last bin; mmdetection would read past its logits there, so that its callers clamp.",
        ],
        Presets = [new("mmdet", ("avg_factor_eps", "1.1920929e-07"))],
        Examples =
        [
            new("simple", "Two edges over five bins.",
                """{"logits":[[0.1,0.3,2.0,1.5,-1.0],[1.0,0.2,0.1,0.0,-0.5]],"targets":[2.4,0.0]}"""),
        ],
    };

    public int? IgnoreIndex => null;

    public static DistributionFocalLoss Configure(Settings settings) => default;

    public double Row(in ScoreRow row)
    {
        var p = new RowOfProbabilities(row.Scores, row.Room);
        if (!p.Exists)
        {
            return row.Undefined();
        }

        double y = Math.Min(row.Number, row.Scores.Length - 1);
        int left = (int)y;
        int right = Math.Min(left + 1, row.Scores.Length - 1);
        double toRight = y - left;
        double toLeft = 1 - toRight;
        for (int c = 0; c < row.Scores.Length; c++)
        {
            row.Slopes[c] = p[c];
            row.Curves[c] = p[c] * p.MissOf(c);
        }

        // p - w near 1 as p (1 - w) - w (1 - p).
        row.Slopes[left] = (p[left] * toRight) - (toLeft * p.MissOf(left));
        if (toRight == 0)
        {
            return p.SurprisalOf(left);
        }

        row.Slopes[right] = (p[right] * toLeft) - (toRight * p.MissOf(right));
        return (toLeft * p.SurprisalOf(left)) + (toRight * p.SurprisalOf(right));
    }
}

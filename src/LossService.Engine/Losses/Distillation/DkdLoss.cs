using LossService.Engine.Cards;
using LossService.Engine.Families;
using LossService.Engine.Lanes;
using LossService.Engine.Losses.Classification;

namespace LossService.Engine.Losses.Distillation;

internal readonly struct DkdLoss(double alpha, double beta, double temperature) : IScoreRowLoss<DkdLoss>
{
    private static readonly Parameter Alpha = Parameter.Number(
        "alpha", 1, "The weight of how likely the right class is, against all others together.", min: 0);

    private static readonly Parameter Beta = Parameter.Number(
        "beta", 8, "The weight of how the other classes share the rest.", min: 0);

    private static readonly Parameter Softness = Parameter.Number(
        "temperature", 4, "Divides both sides' logits.", min: 0, minOpen: true);

    public static LossCard Card { get; } = new()
    {
        Name = "dkd_loss",
        Family = "distillation",
        Aliases = ["decoupled_kd_loss"],
        Summary = "Decouples distillation: the right class, and how the others share the rest.",
        Formula = @"T^2\,[\alpha\,KL(b_t\|b_s)+\beta\,KL(\hat p_t\|\hat p_s)],\quad b=(p_y,1-p_y),\ \hat p=p_{\ne y}/(1-p_y)",
        References =
        [
            new("Zhao et al., Decoupled Knowledge Distillation, 2022", "https://arxiv.org/abs/2203.08679"),
            new("mdistiller, DKD", "https://github.com/megvii-research/mdistiller"),
        ],
        Inputs =
        [
            new("student_logits", "N C *D | C", "The student's scores; classes on the second axis, or alone.")
            {
                Gradient = GradientRule.Default,
            },
            new("teacher_logits", "N C *D | C", "The teacher's scores."),
            new("targets", "Class indices, one axis fewer than the logits.",
                [ClassInputs.LabelsOf("N *D"), ClassInputs.LabelsOf("")]),
        ],
        Items = "N *D | ",
        Parameters = [Alpha, Beta, Softness],
        HasHessian = false,
        Edges =
        [
            "The right class is left out of the second divergence itself; the reference code subtracts 1000 from its logit instead.",
            "The reference code's warm-up over epochs is the caller's: give it as loss_weight.",
        ],
        Examples =
        [
            new("simple", "Two rows of three classes.",
                """{"student_logits":[[1.0,2.0,0.5],[0.1,0.2,0.3]],"teacher_logits":[[0.5,3.0,0.1],[0.0,0.1,1.0]],"targets":[1,2]}"""),
        ],
    };

    public static string? Teacher => "teacher_logits";

    public int? IgnoreIndex => null;

    public static DkdLoss Configure(Settings settings) => new(settings[Alpha], settings[Beta], settings[Softness]);

    public double Row(in ScoreRow row)
    {
        if (row.Scores.Length < 2)
        {
            return 0; // one class is certain on both sides
        }

        int y = row.Label;
        double scale = 1 / temperature;
        var student = new RowOfProbabilities(row.Scores, row.Room, scale, left: y);
        var teacher = new RowOfProbabilities(row.Teacher, row.MoreRoom, scale, left: y);
        double said = (scale * row.Scores[y]) - student.LogSum; // the logit of the right class against all others
        double told = (scale * row.Teacher[y]) - teacher.LogSum;
        if (!student.Exists || !teacher.Exists || double.IsNaN(said) || double.IsNaN(told))
        {
            return row.Undefined();
        }

        Logistic<ScalarLane> s = ScalarLane.Logistic(said);
        Logistic<ScalarLane> t = ScalarLane.Logistic(told);
        double right = (t.Sigmoid.Value * (s.SoftplusOfMinus - t.SoftplusOfMinus).Value)
            + (t.SigmoidOfMinus.Value * (s.Softplus - t.Softplus).Value);
        double apart = told > 0 ? (t.SigmoidOfMinus - s.SigmoidOfMinus).Value : (s.Sigmoid - t.Sigmoid).Value;
        double others = 0;
        row.Slopes[y] = temperature * alpha * apart;
        for (int c = 0; c < row.Scores.Length; c++)
        {
            if (c != y)
            {
                double gap = teacher[c] == 0 ? 0 : student.SurprisalOf(c) - teacher.SurprisalOf(c);
                others += teacher[c] == 0 ? 0 : teacher[c] * gap;
                row.Slopes[c] = temperature * ((beta * (student[c] - teacher[c])) - (alpha * apart * student[c]));
            }
        }

        double loss = temperature * temperature * ((alpha * right) + (beta * others));
        return double.IsNaN(loss) ? row.Undefined() : loss;
    }
}

using LossService.Engine.Cards;
using LossService.Engine.Families;
using LossService.Engine.Lanes;

namespace LossService.Engine.Losses.Distillation;

internal readonly struct GeneralizedJsDivergence(double beta, double temperature)
    : IScoreRowLoss<GeneralizedJsDivergence>
{
    private static readonly Parameter Beta = Parameter.Number(
        "beta", 0.5, "How much of the teacher is in the mixture: 0 is D(teacher || student), 1 is D(student || teacher).",
        min: 0, max: 1);

    private static readonly Parameter Softness = Parameter.Number(
        "temperature", 1, "Divides both sides' logits; the loss is not multiplied by its square.", min: 0, minOpen: true);

    public static LossCard Card { get; } = new()
    {
        Name = "generalized_js_divergence",
        Family = "distillation",
        Aliases = ["gkd_loss", "generalized_jsd_loss"],
        Summary = "Teaches a student between the forward and the reverse divergence of its teacher.",
        Formula = @"\beta D(p_t\,\|\,m)+(1-\beta)D(p_s\,\|\,m),\qquad m=\beta p_t+(1-\beta)p_s",
        References =
        [
            new("Agarwal et al., On-Policy Distillation of Language Models: Learning from Self-Generated Mistakes, 2023", "https://arxiv.org/abs/2306.13649"),
            new("TRL, GKDTrainer", "https://huggingface.co/docs/trl/gkd_trainer"),
        ],
        Inputs =
        [
            new("student_logits", "N C *D | C", "The student's scores; classes on the second axis, or alone.")
            {
                Gradient = GradientRule.Default,
            },
            new("teacher_logits", "N C *D | C", "The teacher's scores."),
        ],
        Items = "N *D | ",
        CostFactor = 3,
        Parameters = [Beta, Softness],
        HasBatchMean = true,
        HasHessian = false,
        Edges = ["At beta 0 and 1 it is the plain divergence, which is infinite where the other side rules a class out."],
        Examples =
        [
            new("simple", "A student that disagrees with its teacher.",
                """{"student_logits":[[1.0,2.0,3.0]],"teacher_logits":[[3.0,1.0,0.0]]}"""),
        ],
    };

    public static string? Teacher => "teacher_logits";

    public int? IgnoreIndex => null;

    public static GeneralizedJsDivergence Configure(Settings settings) => new(settings[Beta], settings[Softness]);

    public double Row(in ScoreRow row)
    {
        var student = new RowOfProbabilities(row.Scores, row.Room, 1 / temperature);
        var teacher = new RowOfProbabilities(row.Teacher, row.MoreRoom, 1 / temperature);
        if (!student.Exists || !teacher.Exists)
        {
            return row.Undefined();
        }

        // The slope of each term on log p_s, over p_s; a softmax takes it relative to the likeliest class's.
        int top = 0;
        double loss = 0;
        for (int c = 0; c < row.Scores.Length; c++)
        {
            loss += Term(student[c], teacher[c], student.SurprisalOf(c), teacher.SurprisalOf(c), out row.Slopes[c]);
            top = student[c] > student[top] ? c : top;
        }

        double atTop = row.Slopes[top];
        double mean = 0;
        for (int c = 0; c < row.Scores.Length; c++)
        {
            row.Slopes[c] -= atTop;
            mean += student[c] == 0 ? 0 : student[c] * row.Slopes[c];
        }

        for (int c = 0; c < row.Scores.Length; c++)
        {
            row.Slopes[c] = student[c] == 0 ? 0 : student[c] * (row.Slopes[c] - mean) / temperature;
        }

        return double.IsNaN(loss) ? row.Undefined() : loss;
    }

    private double Term(double student, double teacher, double surprisal, double told, out double slope)
    {
        double gap = student == 0 && teacher == 0 ? 0 : told - surprisal; // log p_s - log p_t
        if (beta == 0)
        {
            slope = student == 0 ? 0 : -teacher / student;
            return teacher == 0 ? 0 : -teacher * gap;
        }

        if (beta == 1)
        {
            slope = gap;
            return student == 0 ? 0 : student * gap;
        }

        Mixture.Logs(gap, beta, out double overTeacher, out double overStudent);

        // log(m/p_s) less log(1 - β), which all classes share: what is left where the teacher has next to nothing.
        double rest = gap > 0
            ? ScalarLane.Log1p(beta / (1 - beta) * ScalarLane.Exp(-gap).Value).Value
            : overStudent - ScalarLane.Log(1 - beta).Value;
        slope = -(1 - beta) * rest;
        return (teacher == 0 ? 0 : -beta * teacher * overTeacher)
            - (student == 0 ? 0 : (1 - beta) * student * overStudent);
    }
}

using LossService.Conformance.Oracles.Harness;
using TorchSharp;
using static TorchSharp.torch;

namespace LossService.Conformance.Oracles;

internal sealed class KdLoss : IOracle
{
    public string Loss => "kd_loss";

    public OracleItems Items(OracleInputs given)
    {
        Tensor student = given["student_logits"];
        int axis = Ops.ClassAxis(student);
        double temperature = given.Number("temperature", 1);
        double alpha = given.Number("alpha", 0);
        double scale = given.Flag("scale_by_t2", true) ? temperature * temperature : 1;

        Tensor told = Ops.Surprisal(given["teacher_logits"] / temperature);
        Tensor said = Ops.Surprisal(student / temperature);
        Tensor p = (-told).exp();
        Tensor terms = Ops.Times(p, said) - Ops.Times(p, told);
        bool takesMean = given.Word("class_reduction", "sum") == "mean";
        Tensor losses = (1 - alpha) * scale * (takesMean ? terms.mean([axis]) : terms.sum(axis));
        if (alpha == 0)
        {
            return new(losses);
        }

        OracleItems hard = ClassTargets.Items(given, "student_logits", Ops.Surprisal);
        return new(losses + (alpha * hard.Losses));
    }
}

using LossService.Conformance.Oracles.Harness;
using TorchSharp;
using static TorchSharp.torch;

namespace LossService.Conformance.Oracles;

internal sealed class DkdLoss : IOracle
{
    public string Loss => "dkd_loss";

    public OracleItems Items(OracleInputs given)
    {
        Tensor student = given["student_logits"];
        int axis = Ops.ClassAxis(student);
        if (student.shape[axis] == 1)
        {
            return new((student * 0).squeeze(axis));
        }

        double temperature = given.Number("temperature", 4);
        Tensor own = Ops.OneHot(given.Labels("targets"), student) == 1;
        (Tensor said, Tensor saidOthers) = Decouple(student / temperature, own, axis);
        (Tensor told, Tensor toldOthers) = Decouple(given.Constant("teacher_logits")! / temperature, own, axis);
        Tensor right = (Ops.Sigmoid(told) * (Ops.Softplus(-said) - Ops.Softplus(-told)))
            + (Ops.Sigmoid(-told) * (Ops.Softplus(said) - Ops.Softplus(told)));
        Tensor others = ((-toldOthers).exp() * (saidOthers - toldOthers)).sum(axis);
        return new(temperature * temperature
            * ((given.Number("alpha", 1) * right) + (given.Number("beta", 8) * others)));
    }

    // The logit of the right class against the others, and -log of how the others share the rest.
    private static (Tensor Logit, Tensor Others) Decouple(Tensor z, Tensor own, int axis)
    {
        Tensor last = z.movedim([axis], [-1]);
        long[] shape = [.. last.shape[..^1], last.shape[^1] - 1];
        Tensor others = last.masked_select(own.logical_not().movedim([axis], [-1])).reshape(shape).movedim([-1], [axis]);
        Tensor logit = z.masked_fill(own.logical_not(), 0).sum(axis) - others.logsumexp(axis);
        return (logit, Ops.Surprisal(others));
    }
}

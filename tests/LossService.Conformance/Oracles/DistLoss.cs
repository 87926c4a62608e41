using LossService.Conformance.Oracles.Harness;
using TorchSharp;
using static TorchSharp.torch;

namespace LossService.Conformance.Oracles;

internal sealed class DistLoss : IOracle
{
    public string Loss => "dist_loss";

    public OracleItems Items(OracleInputs given)
    {
        double tau = given.Number("tau", 1);
        Tensor student = (-Ops.Surprisal(given["student_logits"] / tau)).exp();
        Tensor teacher = (-Ops.Surprisal(given.Constant("teacher_logits")! / tau)).exp().detach();
        Tensor kept = given.Mask ?? ones(student.shape[0], dtype: ScalarType.Bool);
        teacher = Ops.KeepRows(teacher, kept);
        double eps = given.Number("eps", 1e-8);
        Tensor rows = Miss(student, teacher, eps);
        Tensor columns = kept.any().item<bool>()
            ? Miss(student[kept].t(), teacher[kept].t(), eps).mean()
            : zeros([], student.dtype);
        double scale = given.Flag("scale_by_t2", true) ? tau * tau : 1;
        return new(scale * ((given.Number("inter_loss_weight", 1) * rows) + (given.Number("intra_loss_weight", 1) * columns)));
    }

    // 1 - ρ of each row, by the distance of both directions, or of one and the other's opposite.
    private static Tensor Miss(Tensor a, Tensor b, double eps)
    {
        a = Centred(a);
        b = Centred(b);
        Tensor norm = Norm(a);
        Tensor other = Norm(b);
        Tensor product = norm * other;
        Tensor denominator = product + eps;
        Tensor isFlat = product.detach() == 0;
        Tensor one = ones_like(product);
        Tensor first = a / where(isFlat, one, norm).unsqueeze(1);
        Tensor second = b / where(isFlat, one, other).unsqueeze(1);
        Tensor sign = where((first * second).detach().sum(1) < 0, -one, one).detach();
        Tensor apart = (first - (sign.unsqueeze(1) * second)).square().sum(1);
        apart = where(apart.detach() < 1e-30, zeros_like(apart), apart); // noise, which eps would drown in
        Tensor gap = ((0.5 * product * apart) + eps) / denominator;
        Tensor miss = where(sign >= 0, gap, 2 - gap);

        // Where one side has no direction, the correlation is a·b / eps: 0, but with a slope.
        return where(isFlat, 1 - ((a * b).sum(1) / eps), miss);
    }

    private static Tensor Centred(Tensor rows)
    {
        Tensor shifted = rows - rows.narrow(1, 0, 1);
        return shifted - shifted.mean([1], keepdim: true);
    }

    private static Tensor Norm(Tensor rows)
    {
        Tensor squares = rows.square().sum(1);
        Tensor none = squares.detach() == 0;
        return where(none, zeros_like(squares), where(none, ones_like(squares), squares).sqrt());
    }
}

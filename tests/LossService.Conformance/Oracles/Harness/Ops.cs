using TorchSharp;
using static TorchSharp.torch;

namespace LossService.Conformance.Oracles.Harness;

/// <summary>Torch operations that several formulas share, exact to the last digits in value and gradient.</summary>
internal static class Ops
{
    /// <summary>The axis of the classes, or of an embedding's coordinates: 1, or 0 of a single row.</summary>
    public static int ClassAxis(Tensor rows) => rows.dim() > 1 ? 1 : 0;

    /// <summary>log(1 + e^x), exact in first and second derivative too.</summary>
    /// <remarks>Torch's own softplus is a straight line from 20 on, which costs 2e-9; the second derivative of its
    /// logsigmoid forms 1 - σ(x). Each branch sees only its own side, so e^x cannot overflow in the other.</remarks>
    public static Tensor Softplus(Tensor x)
    {
        Tensor right = x.detach() >= 0;
        Tensor zero = zeros_like(x);
        Tensor above = where(right, x, zero);
        Tensor below = where(right, zero, x);
        return where(right, above + (-above).exp().log1p(), below.exp().log1p());
    }

    /// <summary>σ(x), exact in its derivatives too: torch's own sigmoid derives to σ(x)·(1 - σ(x)).</summary>
    public static Tensor Sigmoid(Tensor x) => (-Softplus(-x)).exp();

    /// <summary>-log softmax(z) along the class axis.</summary>
    /// <remarks>For the likeliest class it is log(1 + Σ e^(z_j - z_top)) over the others, which lag behind it: nothing
    /// cancels, where torch's log_softmax rounds the likeliest one's gradient, p - 1, to some 1e-16.</remarks>
    public static Tensor Surprisal(Tensor z)
    {
        int axis = ClassAxis(z);
        Tensor top = z.detach().argmax(axis, keepdim: true);
        Tensor none = zeros_like(z);
        Tensor lag = (z.gather(axis, top) - z).scatter(axis, top, none);
        Tensor others = (-lag).exp().scatter(axis, top, none);
        return lag + others.sum(axis, keepdim: true).log1p();
    }

    /// <summary>1 - e^-s for s at least 0, exact in its derivative too.</summary>
    /// <remarks>Torch derives expm1 as its result + 1, which cancels where e^-s is small.</remarks>
    public static Tensor OneLessExp(Tensor s)
    {
        Tensor small = s.detach() < 1;
        Tensor zero = zeros_like(s);
        return where(small, -(-where(small, s, zero)).expm1(), 1 - (-where(small, zero, s)).exp());
    }

    /// <summary>factor · surprise, with 0 · ∞ = 0 and no gradient there.</summary>
    public static Tensor Times(Tensor factor, Tensor surprise)
    {
        Tensor vanishes = (factor.detach() == 0).logical_and(surprise.detach().isinf());
        return factor * where(vanishes, zeros_like(surprise), surprise);
    }

    /// <summary>Labels (N, …) as rows (N, C, …) of zeros and a one; label C, the background, is all zeros.</summary>
    public static Tensor OneHot(Tensor labels, Tensor scores)
    {
        int axis = ClassAxis(scores);
        long classes = scores.shape[axis];
        Tensor rows = nn.functional.one_hot(labels, classes + 1).movedim([-1], [axis]);
        return rows.narrow(axis, 0, classes).to(scores.dtype);
    }

    /// <summary>Binary targets drawn towards a half by <c>label_smoothing</c>: y(1 - ε) + ε/2.</summary>
    public static Tensor Smooth(Tensor targets, OracleInputs given)
    {
        double smoothing = given.Number("label_smoothing", 0);
        return smoothing == 0 ? targets : (targets * (1 - smoothing)) + (smoothing / 2);
    }

    /// <summary>One number, one a class or one an element, ready to multiply <paramref name="scores"/>.</summary>
    public static Tensor AlongClasses(Tensor factors, Tensor scores)
    {
        if (factors.numel() == 1 || factors.dim() == scores.dim())
        {
            return factors;
        }

        int axis = ClassAxis(scores);
        return factors.reshape([scores.shape[axis], .. Enumerable.Repeat(1L, (int)scores.dim() - axis - 1)]);
    }

    /// <summary>max(0, v) with the slope that <c>tie</c> says at 0.</summary>
    public static Tensor Hinge(Tensor v, OracleInputs given) => given.Word("tie", "zero") switch
    {
        "pytorch" => v.clamp_min(0),
        "half" => v.maximum(zeros_like(v)),
        _ => v.relu(),
    };

    /// <summary>The same for the margins whose slope at 0 is 0 in PyTorch itself.</summary>
    public static Tensor Margin(Tensor v, OracleInputs given) =>
        given.Word("tie", "zero") == "pytorch" ? v.relu() : Hinge(v, given);

    /// <summary>log of the base named <c>base</c> (e, 2, 10), by which information is divided.</summary>
    public static double LogBase(OracleInputs given) => given.Word("base", "e") switch
    {
        "2" => Math.Log(2),
        "10" => Math.Log(10),
        _ => 1,
    };

    /// <summary>The distance named <c>distance</c> between rows, with gradient 0 where a norm is 0.</summary>
    /// <param name="a">Rows, (N, E) or (E).</param>
    /// <param name="b">As many rows.</param>
    /// <param name="given">Holds <c>distance</c>; <c>p</c>, which alone means lp; <c>eps</c>, which is added to every
    /// coordinate of a - b as in torch's pairwise_distance, and for cosine to the squared norms.</param>
    public static Tensor Distance(Tensor a, Tensor b, OracleInputs given)
    {
        int axis = ClassAxis(a);
        double power = given.Number("p", 2);
        double eps = given.Number("eps", 0);
        string word = given.Word("distance", power == 2 ? "l2" : "lp");
        if (word is "l2" or "lp" && eps > 0 && given.Word("eps_mode", "per_coordinate") == "under_root")
        {
            Tensor gaps = (a - b).abs();
            power = word == "l2" ? 2 : power;
            return ((power == 2 ? gaps.square() : gaps.pow(power)).sum(axis) + eps).pow(1 / power);
        }

        Tensor difference = a - b + eps;
        return word switch
        {
            "squared_l2" => difference.square().sum(axis),
            "l1" => difference.abs().sum(axis),
            "lp" => linalg.vector_norm(difference, power, [axis]),
            "cosine" => 1 - Cosine(a, b, eps),
            "dot" => -(a * b).sum(axis),
            _ => linalg.vector_norm(difference, 2.0, [axis]),
        };
    }

    /// <summary>The cosine between rows; 0, without slope, for a row of zeros.</summary>
    public static Tensor Cosine(Tensor a, Tensor b, double eps)
    {
        int axis = ClassAxis(a);
        Tensor norms = (a.square().sum(axis) + eps) * (b.square().sum(axis) + eps);
        Tensor none = norms.detach() == 0;
        Tensor cosine = (a * b).sum(axis) / where(none, ones_like(norms), norms).sqrt();
        return where(none, zeros_like(cosine), cosine);
    }

    /// <summary>Rows of (N, C, …) where <paramref name="keep"/> (N, …) holds; zeros elsewhere, even for NaN.</summary>
    public static Tensor KeepRows(Tensor rows, Tensor keep) =>
        where(keep.unsqueeze(ClassAxis(rows)), rows, zeros_like(rows));
}

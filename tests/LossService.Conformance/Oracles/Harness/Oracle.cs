using TorchSharp;
using static TorchSharp.torch;

namespace LossService.Conformance.Oracles.Harness;

/// <summary>
/// Answers requests: the loss's oracle computes its items, everything common is applied here by the rules of api.md
/// ("Exact rules"), and libtorch's autograd differentiates the whole.
/// </summary>
internal static class Oracle
{
    private static readonly Dictionary<string, IOracle> ByLoss = typeof(IOracle).Assembly.GetTypes()
        .Where(type => type.IsClass && type.IsAssignableTo(typeof(IOracle)))
        .Select(type => (IOracle)Activator.CreateInstance(type)!)
        .ToDictionary(oracle => oracle.Loss);

    /// <summary>The losses that have an oracle.</summary>
    public static IReadOnlyCollection<string> Losses => ByLoss.Keys;

    /// <summary>Computes loss, items, gradients, Hessians. The request must be valid: oracles check nothing.</summary>
    public static OracleAnswer Answer(OracleRequest request)
    {
        using DisposeScope scope = NewDisposeScope();
        var given = new OracleInputs(request);
        OracleItems items = Common(ByLoss[request.Loss].Items(given), given);
        (string? rule, double divisor) = Normalizer(given, items);

        Tensor entering = items.Shares is null ? items.Losses : items.Losses * items.Shares;
        Tensor scaled = entering.to(ScalarType.Float64) * given.Number("loss_weight", 1);
        Tensor reduced = divisor == 0 && given.Word("empty", "zero") == "zero" ? scaled * 0 : scaled / divisor;
        // Boosted trees want slope and curvature of each item, whatever the reduction.
        Tensor sloping = given.Word("preset", "") is "xgboost" or "lightgbm" ? scaled : reduced;
        Tensor upstream = given.Constant("grad_output") is Tensor gradOutput
            ? OracleInputs.PerItem(gradOutput.to(ScalarType.Float64), reduced)
            : ones_like(reduced);

        string[] names = [.. given.Leaves.Keys.Where(name => request.Gradients?.Contains(name) ?? true)];
        bool wantsHessian = given.Word("hessian", "none") == "diagonal";
        return new()
        {
            Loss = Reduction(given) == "none" ? null : Round(divisor == 0 ? Empty(given) : Sum(reduced), given),
            Losses = ToArray(items.Losses),
            Normalizer = rule is null ? null : (rule, divisor),
            Gradients = names.ToDictionary(
                name => name, name => ToArray(Gradient((sloping * upstream).sum(), given.Leaves[name]))),
            Hessians = names.Where(_ => wantsHessian).ToDictionary(
                name => name, name => ToArray(HessianDiagonal(sloping.sum(), given.Leaves[name]))),
        };
    }

    /// <summary>Applies what every loss takes to its items: first <c>sample_weight</c>, then <c>mask</c>.</summary>
    private static OracleItems Common(OracleItems items, OracleInputs given)
    {
        Tensor losses = items.Losses;
        Tensor counted = items.Counted ?? ones_like(losses, ScalarType.Bool);
        Tensor? weights = items.Weights;
        if (given.Constant("sample_weight") is Tensor sampleWeight)
        {
            sampleWeight = OracleInputs.PerItem(sampleWeight, losses);
            losses = losses * sampleWeight;

            // Asked for, all weights divide together; unasked, those of classes alone, where the loss has them divide.
            bool asked = given.Word("weight_normalization", "") == "sum_weights";
            weights = !asked ? weights : weights is null ? sampleWeight : weights * sampleWeight;
        }

        if (given.Mask is not null)
        {
            counted = counted.logical_and(OracleInputs.PerItem(given.Mask, losses));
        }

        return items with
        {
            Losses = where(counted, losses, zeros_like(losses)),
            Counted = counted,
            Weights = weights is null ? null : where(counted, weights, zeros_like(weights)),
        };
    }

    private static string Reduction(OracleInputs given) =>
        given.Word("reduction_override", given.Word("reduction", "mean"));

    /// <summary>What the items are divided by; the rule is null unless a mean was asked for.</summary>
    private static (string? Rule, double Divisor) Normalizer(OracleInputs given, OracleItems items)
    {
        switch (Reduction(given))
        {
            case "none" or "sum":
                return (null, 1);
            case "batchmean":
                return ("batch", items.Losses.dim() == 0 ? 1 : items.Losses.shape[0]);
        }

        if (given.NumberOrNull("avg_factor", null) is double factor)
        {
            return ("avg_factor", factor + given.Number("avg_factor_eps", 0));
        }

        if (items.Tally is { } tally)
        {
            return (tally.Rule, Sum(where(items.Counted!, tally.PerItem, zeros_like(tally.PerItem))));
        }

        string rule = given.Word("weight_normalization", items.MeanDividesByWeights ? "sum_weights" : "count");
        if (rule == "sum_weights" && items.Weights is not null)
        {
            return (rule, Sum(items.Weights.to(ScalarType.Float64)));
        }

        Tensor counted = !items.MeanCountsIgnored ? items.Counted!
            : given.Mask is null ? ones_like(items.Counted!)
            : OracleInputs.PerItem(given.Mask, items.Losses);
        return ("count", counted.sum().item<long>());
    }

    private static double Empty(OracleInputs given) => given.Word("empty", "zero") == "nan" ? double.NaN : 0;

    private static double Round(double loss, OracleInputs given) => given.IsPeer ? (float)loss : loss;

    private static double Sum(Tensor numbers) => numbers.sum().item<double>();

    private static Tensor Gradient(Tensor loss, Tensor leaf, bool forHessian = false)
    {
        Tensor? gradient = loss.requires_grad
            ? autograd.grad([loss], [leaf], retain_graph: true, create_graph: forHessian, allow_unused: true)[0]
            : null;
        return gradient is null || gradient.IsInvalid ? zeros_like(leaf) : gradient;
    }

    /// <summary>One backward pass an element: small tensors only.</summary>
    private static Tensor HessianDiagonal(Tensor loss, Tensor leaf)
    {
        if (leaf.numel() == 0)
        {
            return zeros_like(leaf);
        }

        Tensor gradient = Gradient(loss, leaf, forHessian: true).flatten();
        IEnumerable<Tensor> diagonal = Enumerable.Range(0, (int)leaf.numel())
            .Select(i => Gradient(gradient[i], leaf).flatten()[i]);
        return stack(diagonal).reshape(leaf.shape);
    }

    private static OracleArray ToArray(Tensor tensor) =>
        new([.. tensor.detach().to(ScalarType.Float64).contiguous().data<double>()], tensor.shape);
}

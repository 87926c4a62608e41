using FluentValidation;
using LossService.Engine;
using LossService.Engine.Cards;
using LossService.Engine.Numerics;

namespace LossService.Api.Validation;

/// <summary>What a mean may divide by.</summary>
internal sealed class MeanRules : AbstractValidator<LossRequest>
{
    public MeanRules()
    {
        this.Add(AvgFactorNeedsNoSum);
        this.Add(WeightNormalizationNeedsWeights);
    }

    private static void AvgFactorNeedsNoSum(LossRequest request, ValidationContext<LossRequest> context)
    {
        if (!double.IsNaN(request[Common.AvgFactor]) && request.Reduction == Reduction.Sum)
        {
            context.Refuse(new(request.PointerOf(Common.AvgFactor), Codes.OptionConflict,
                "avg_factor divides a mean, and reduction is sum") { Expected = "reduction mean or none", Found = "sum" });
        }
    }

    private static void WeightNormalizationNeedsWeights(LossRequest request, ValidationContext<LossRequest> context)
    {
        if (!request.Card.HasWeight && !double.IsNaN(request[Common.WeightNormalization]))
        {
            context.Refuse(new(request.PointerOf(Common.WeightNormalization), Codes.OptionConflict,
                $"{request.Card.Name} has no weight to divide by"));
        }
    }
}

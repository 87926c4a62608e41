using LossService.Engine.Cards;

namespace LossService.Engine.Families;

/// <summary>A loss that a family computes into an answer, which is given up again where that ends in an
/// exception.</summary>
internal abstract class FamilyLoss(LossCard card) : Loss(card)
{
    /// <inheritdoc/>
    public sealed override LossResult Run(LossRequest request, Workshop workshop)
    {
        var result = new LossResult(request);
        try
        {
            if (request.IsFloat64)
            {
                ComputeFloat64(request, result, workshop);
            }
            else
            {
                ComputeFloat32(request, result, workshop);
            }

            NonFiniteNote.Add(result);
            return result;
        }
        catch
        {
            result.Dispose();
            throw;
        }
    }

    /// <summary>Fills the answer to a request in float32.</summary>
    protected abstract void ComputeFloat32(LossRequest request, LossResult result, Workshop workshop);

    /// <summary>Fills the answer to a request in float64.</summary>
    protected abstract void ComputeFloat64(LossRequest request, LossResult result, Workshop workshop);
}

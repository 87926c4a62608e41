using System.Numerics;
using LossService.Engine.Cards;
using LossService.Engine.Lanes;

namespace LossService.Engine.Families;

/// <summary>A loss whose family is written over lanes: it is computed in the widest that the machine is good at, with
/// the same bits in each.</summary>
internal abstract class LanedLoss(LossCard card) : FamilyLoss(card)
{
    /// <inheritdoc/>
    protected override void ComputeFloat32(LossRequest request, LossResult result, Workshop workshop)
    {
        if (Wide.IsFast)
        {
            Compute<float, WideSingleLane>(request, result, workshop);
        }
        else
        {
            Compute<float, SingleLane>(request, result, workshop);
        }
    }

    /// <inheritdoc/>
    protected override void ComputeFloat64(LossRequest request, LossResult result, Workshop workshop)
    {
        if (Wide.IsFast)
        {
            Compute<double, WideDoubleLane>(request, result, workshop);
        }
        else
        {
            Compute<double, DoubleLane>(request, result, workshop);
        }
    }

    /// <summary>Fills the answer to a request in the numbers and lanes of its dtype.</summary>
    protected abstract void Compute<T, V>(LossRequest request, LossResult result, Workshop workshop)
        where T : unmanaged, IFloatingPointIeee754<T>
        where V : struct, IVectorLane<V, T>;
}

using System.Numerics;
using LossService.Engine.Cards;

namespace LossService.Engine.Families;

/// <summary>A loss whose family is written over the numbers of the request, and takes what lanes it needs
/// itself.</summary>
internal abstract class TypedLoss(LossCard card) : FamilyLoss(card)
{
    /// <inheritdoc/>
    protected sealed override void ComputeFloat32(LossRequest request, LossResult result, Workshop workshop) =>
        Compute<float>(request, result, workshop);

    /// <inheritdoc/>
    protected sealed override void ComputeFloat64(LossRequest request, LossResult result, Workshop workshop) =>
        Compute<double>(request, result, workshop);

    /// <summary>Fills the answer to a request in the numbers of its dtype.</summary>
    protected abstract void Compute<T>(LossRequest request, LossResult result, Workshop workshop)
        where T : unmanaged, IFloatingPointIeee754<T>;
}

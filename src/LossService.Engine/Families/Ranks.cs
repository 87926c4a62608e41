using LossService.Engine.Numerics;

namespace LossService.Engine.Families;

/// <summary>Every sample's place among those that are not left out, so that a masked batch draws as the smaller
/// one.</summary>
internal sealed class Ranks : IDisposable
{
    private readonly Tensor _ranks;

    public Ranks(KeptItems plan, TensorPool pool)
    {
        _ranks = Tensor.Rent(pool, new Shape(plan.Items), Element.Label);
        int kept = 0;
        for (int sample = 0; sample < plan.Items; sample++)
        {
            _ranks.Label[sample] = kept;
            kept += plan.IsLeftOut(sample) ? 0 : 1;
        }
    }

    /// <summary>A sample's place.</summary>
    public int this[int sample] => _ranks.Label[sample];

    public void Dispose() => _ranks.Dispose();
}

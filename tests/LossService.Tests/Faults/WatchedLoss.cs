using LossService.Engine;
using LossService.Engine.Families;

namespace LossService.Tests.Faults;

/// <summary>A loss of the catalogue whose polls for cancellation are seen.</summary>
internal sealed class WatchedLoss(Loss loss) : Loss(loss.Card)
{
    /// <summary>Called at every poll.</summary>
    public Action? Polling { get; set; }

    public override LossResult Run(LossRequest request, Workshop workshop) =>
        loss.Run(request, workshop with { Polling = () => Polling?.Invoke() });
}

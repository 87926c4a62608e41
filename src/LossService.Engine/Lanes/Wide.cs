using System.Runtime.Intrinsics;

namespace LossService.Engine.Lanes;

/// <summary>The lanes of 512 bits: <c>WideSingleLane</c> and <c>WideDoubleLane</c>, which the build writes from the
/// lanes of 256 and their mathematics (the project's target <c>WidenLanes</c>).</summary>
internal static class Wide
{
    /// <summary>True where the machine has such vectors and the runtime thinks that they pay.</summary>
    public static bool IsFast => Vector512.IsHardwareAccelerated;
}

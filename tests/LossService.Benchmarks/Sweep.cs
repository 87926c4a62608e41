using LossService.Tests.Engine.Lanes;
using LossService.Tests.Wire.Numbers;

namespace LossService.Benchmarks;

/// <summary>The sweeps over every float there is, of which the tests run a sample: half an hour on one core.</summary>
internal static class Sweep
{
    /// <summary>Runs them all.</summary>
    /// <returns>Whether nothing was wrong.</returns>
    public static bool Run(bool toy, TextWriter output)
    {
        const uint ToyStride = 1_048_573;
        if (toy)
        {
            foreach (LaneMathSweep.Subject subject in LaneMathSweep.Subjects)
            {
                LaneMathSweep.Measure(subject, ToyStride);
            }

            return NumberSweep.Run(output, ToyStride);
        }

        // Each says what it found, also when another found something wrong.
        return NumberSweep.Run(output) & LaneMathDoubleSweep.Run(output) & LaneMathSweep.Run(output);
    }
}

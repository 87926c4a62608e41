using Xunit;

namespace LossService.Tests.Wire.Numbers;

[Trait("Set", "Engine")]
public class NumberSweepTests
{
    [Fact]
    public void Run_OverAStride_FindsNothing()
    {
        var log = new StringWriter();
        Assert.True(NumberSweep.Run(log, 16_411), log.ToString());
    }
}

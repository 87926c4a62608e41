using System.ComponentModel;
using LossService.Tests.Tidy;
using Xunit;

namespace LossService.Tests.Examples;

/// <summary>The program that packs its tensors itself gets the numbers that the contract shows for its request.</summary>
[Collection(RealService.Collection)]
public sealed class SafetensorsByHandTests(RealService service)
{
    [SkippableFact]
    public async Task Program_AgainstARunningService_PrintsTheAnswerOfTheContract()
    {
        string program = House.PathOf("tests/LossService.Examples/safetensors_by_hand.py");
        try
        {
            (int code, string output) = await Programs.RunAsync("python3", program, service.Address);
            Assert.True(code == 0, $"{output}\nThe service wrote:\n{service.Log}");
            string[] lines = output.TrimEnd().Split('\n');
            Assert.Equal("loss [] 0.285104111700061", lines[0]);
            Assert.Equal("losses [2] 0.417030016277834 0.153178207122288", lines[1]);
            Assert.StartsWith("gradients.logits [2, 3] -0.170499", lines[2], StringComparison.Ordinal);
            Assert.Equal("divided by 2", lines[3]);
        }
        catch (Win32Exception e)
        {
            throw new SkipException($"python3 is not installed here: {e.Message}");
        }
    }
}

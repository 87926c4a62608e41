using System.Runtime.InteropServices;
using LossService.Conformance.Native;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

// TorchSharp keeps no reference to a scalar while libtorch reads it: a collection that another test sets off meanwhile
// frees it, and this one ends in "Unknown scalar type".
[assembly: CollectionBehavior(DisableTestParallelization = true)]

namespace LossService.Conformance;

public class LibtorchTests
{
    /// <summary>Where libtorch is missing comparisons skip; on the platform of CI that would hide them all.</summary>
    [SkippableFact]
    public void Load_OnLinuxX64_Succeeds()
    {
        bool served = OperatingSystem.IsLinux() && RuntimeInformation.ProcessArchitecture == Architecture.X64;
        Skip.IfNot(served, "libtorch is packaged for Linux on x64 only");

        Assert.True(Libtorch.Available, Libtorch.Reason);
    }

    /// <summary>The vector published in pytorch/pytorch#107680; its gradients in catalogue.md, appendix A.</summary>
    [SkippableFact]
    public void WeightedCrossEntropy_InFloat64_MatchesPublishedNumbers()
    {
        Libtorch.Require();
        using Tensor logits = tensor(
            new double[,] { { 2.3, 2.1, 4.5 }, { 4.2, 3.2, 5.1 } }, requires_grad: true);
        using Tensor targets = tensor(new long[] { 1, 2 });
        using Tensor weight = tensor(new double[] { 25, 25, 100 });

        using Tensor loss = nn.functional.cross_entropy(logits, targets, weight);
        loss.backward();

        Assert.Equal(0.8704835014526199, loss.item<double>(), 1e-15);
        double[] expected =
        [
            0.01844381381031439, -0.1848994824294512, 0.16645566861913685,
            0.20901466931921928, 0.07689219974578819, -0.2859068690650075,
        ];
        double[] found = logits.grad!.data<double>().ToArray();
        Assert.All(expected, (value, i) => Assert.Equal(value, found[i], 1e-15));
    }
}

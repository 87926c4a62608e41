using LossService.Benchmarks.Harness;

namespace LossService.Benchmarks.Kernels;

/// <summary>A composition of TensorPrimitives, its gradients written into arrays made once.</summary>
internal sealed class PrimitivesSide(KernelCase given)
{
    private readonly float[][] _gradients =
        [.. given.Inputs.Where(input => input.IsLeaf).Select(input => new float[input.Floats!.Length])];

    private double _answer;

    public Entrant Run() => new Local("TensorPrimitives", Answer, Check);

    private void Answer() => _answer = given.Primitives!(given.Inputs, _gradients);

    private double[] Check() =>
        [_answer, _gradients.Sum(gradient => gradient.Sum(one => Math.Abs((double)one)))];
}

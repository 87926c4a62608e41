using LossService.Benchmarks.Harness;
using TorchSharp;
using static TorchSharp.torch;

namespace LossService.Benchmarks.Kernels;

/// <summary>libtorch: forward and backward, the leaves made once.</summary>
internal sealed class TorchSide : IDisposable
{
    private readonly KernelCase _case;
    private readonly Tensor[] _inputs;
    private double _answer;

    public TorchSide(KernelCase given)
    {
        _case = given;
        _inputs = [.. given.Inputs.Select(Make)];
    }

    public Entrant Run(int threads) =>
        new Local("libtorch", Answer, Check, threads, () => set_num_threads(threads));

    public void Dispose()
    {
        foreach (Tensor input in _inputs)
        {
            input.grad?.Dispose();
            input.Dispose();
        }
    }

    private void Answer()
    {
        using DisposeScope scope = NewDisposeScope();
        foreach (Tensor input in _inputs)
        {
            // What an optimiser's zero_grad(set_to_none) does; without it backward adds up.
            Tensor? old = input.grad;
            input.grad = null;
            old?.Dispose();
        }

        Tensor loss = _case.Torch(_inputs);
        loss.backward();
        _answer = loss.item<float>();
    }

    private double[] Check()
    {
        using DisposeScope scope = NewDisposeScope();
        double size = 0;
        foreach (Tensor input in _inputs)
        {
            size += input.grad is { } gradient ? gradient.abs().sum(ScalarType.Float64).item<double>() : 0;
        }

        return [_answer, size];
    }

    private static Tensor Make(Given input)
    {
        long[] shape = [.. input.Shape.Select(length => (long)length)];
        if (input.Labels is { } labels)
        {
            return tensor([.. labels.Select(label => (long)label)]).reshape(shape);
        }

        Tensor numbers = tensor(input.Floats!).reshape(shape);
        return input.IsLeaf ? numbers.requires_grad_(true) : numbers;
    }
}

using LossService.Benchmarks.Harness;
using LossService.Engine;
using LossService.Engine.Cards;
using LossService.Engine.Families;
using LossService.Engine.Numerics;

namespace LossService.Benchmarks.Kernels;

/// <summary>The engine as the service uses it: one settled request, answered again and again with loss and gradients.</summary>
internal sealed class EngineSide : IDisposable
{
    private readonly TensorPool _pool = new(1L << 32);
    private readonly Loss _loss;
    private readonly LossRequest _request;
    private double _answer;

    public EngineSide(KernelCase given)
    {
        _loss = Catalogue.Find(given.Loss)!;
        _request = new LossRequest(_loss.Card);
        foreach ((string name, double value) in given.Parameters)
        {
            _request.Set(_loss.Card.PlaceOfParameter(name), value);
        }

        foreach (Given input in given.Inputs)
        {
            _request.Set(_loss.Card.PlaceOfInput(input.Name), Numbers(input), Labels(input));
        }

        _request.Resolve();
        ShapeSolver.Solve(_request);
        ElementCheck.Run(_request);
        Demand();
    }

    /// <summary><see cref="Loss.Run"/>: everything between the check and the codec.</summary>
    public Entrant Run(int threads)
    {
        var workshop = new Workshop(_pool, threads);
        return new Local("LossService", () => Answer(workshop), () => Check(workshop), threads);
    }

    /// <summary>The same, and the walk over the elements that the service does before it.</summary>
    public Entrant RunChecked()
    {
        var workshop = new Workshop(_pool);
        return new Local(
            "LossService with element check",
            () =>
            {
                ElementCheck.Run(_request);
                Answer(workshop);
            },
            () => Check(workshop));
    }

    public void Dispose() => _request.Dispose();

    private void Answer(Workshop workshop)
    {
        using LossResult result = _loss.Run(_request, workshop);
        _answer = result.Loss!.Value;
    }

    private double[] Check(Workshop workshop)
    {
        using LossResult result = _loss.Run(_request, workshop);
        Demand();
        double size = 0;
        foreach (Tensor? gradient in result.Gradients)
        {
            foreach (float one in gradient is null ? default : gradient.Float32)
            {
                size += Math.Abs((double)one);
            }
        }

        return [result.Loss!.Value, size];
    }

    private void Demand()
    {
        if (_request.Solution is null || !_request.Mistakes.IsEmpty)
        {
            throw new InvalidOperationException(string.Join("; ", _request.Mistakes.All));
        }
    }

    private Tensor? Numbers(Given input)
    {
        if (input.Floats is null)
        {
            return null;
        }

        Tensor tensor = Tensor.Rent(_pool, new Shape(input.Shape), Element.Float32);
        input.Floats.CopyTo(tensor.Float32);
        return tensor;
    }

    private Tensor? Labels(Given input)
    {
        if (input.Labels is null)
        {
            return null;
        }

        Tensor tensor = Tensor.Rent(_pool, new Shape(input.Shape), Element.Label);
        input.Labels.CopyTo(tensor.Label);
        return tensor;
    }
}

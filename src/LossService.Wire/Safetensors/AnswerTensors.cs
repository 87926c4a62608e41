using LossService.Engine;
using LossService.Engine.Cards;
using LossService.Engine.Numerics;

namespace LossService.Wire.Safetensors;

/// <summary>Walks over the tensors of an answer in the order of its file: loss, losses, gradients.*,
/// hessian.*, the loss's own outputs.</summary>
internal struct AnswerTensors(LossResult result)
{
    private const int First = -2;

    private int _place = First - 1;

    /// <summary>What stands before the input's name; the whole name where there is none.</summary>
    public string Prefix { get; private set; } = "";

    /// <summary>The input's name, or nothing.</summary>
    public string Name { get; private set; } = "";

    /// <summary>The tensor; null stands for the loss itself, a scalar.</summary>
    public Tensor? Tensor { get; private set; }

    /// <summary>The shape as it is written.</summary>
    public readonly Shape Shape => Tensor?.Shape ?? Shape.Scalar;

    /// <summary>Steps to the next tensor, if there is one.</summary>
    public bool MoveNext()
    {
        IReadOnlyList<Input> inputs = result.Request.Card.Inputs;
        while (++_place < (2 * inputs.Count) + result.Outputs.Length)
        {
            if (_place >= 2 * inputs.Count)
            {
                int output = _place - (2 * inputs.Count);
                (Prefix, Name, Tensor) = ("", result.Request.Card.Outputs[output].Name, result.Outputs[output]);
                if (Tensor is null)
                {
                    continue;
                }

                return true;
            }

            int input = _place % Math.Max(1, inputs.Count);
            (Prefix, Tensor) = _place switch
            {
                First => ("loss", null),
                First + 1 => ("losses", result.Losses),
                _ when _place < inputs.Count => ("gradients.", result.Gradients[input]),
                _ => ("hessian.", result.Hessians[input]),
            };
            Name = _place < 0 ? "" : inputs[input].Name;
            if (_place == First ? result.Loss is not null : Tensor is not null)
            {
                return true;
            }
        }

        return false;
    }
}

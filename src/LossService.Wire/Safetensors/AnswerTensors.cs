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

    /// <summary>What stands before the name; the whole name where there is none.</summary>
    public string Prefix { get; private set; } = "";

    /// <summary>The name of the input, or of the loss's own output; or nothing.</summary>
    public string Name { get; private set; } = "";

    /// <summary>The tensor; null stands for the loss itself, a scalar.</summary>
    public Tensor? Tensor { get; private set; }

    /// <summary>The shape as it is written.</summary>
    public readonly Shape Shape => Tensor?.Shape ?? Shape.Scalar;

    /// <summary>What its elements are.</summary>
    public readonly Element Element => Tensor?.Element ?? result.Request.FloatElement;

    /// <summary>Steps to the next tensor, if there is one.</summary>
    public bool MoveNext()
    {
        LossCard card = result.Request.Card;
        int inputs = card.Inputs.Count;
        while (++_place < (2 * inputs) + result.Outputs.Length)
        {
            (Prefix, Name, Tensor) = _place switch
            {
                First => ("loss", "", null),
                First + 1 => ("losses", "", result.Losses),
                _ when _place < inputs => ("gradients.", card.Inputs[_place].Name, result.Gradients[_place]),
                _ when _place < 2 * inputs =>
                    ("hessian.", card.Inputs[_place - inputs].Name, result.Hessians[_place - inputs]),
                _ => ("", card.Outputs[_place - (2 * inputs)].Name, result.Outputs[_place - (2 * inputs)]),
            };
            if (_place == First ? result.Loss is not null : Tensor is not null)
            {
                return true;
            }
        }

        return false;
    }
}

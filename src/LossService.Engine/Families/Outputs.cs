using LossService.Engine.Cards;
using LossService.Engine.Numerics;

namespace LossService.Engine.Families;

/// <summary>Rents the tensors of an answer as the request asks for them.</summary>
internal static class Outputs
{
    /// <summary>Gradients and Hessians shaped as their inputs; items where the reduction is none or they are asked
    /// for.</summary>
    public static void Rent(LossRequest request, LossResult result, TensorPool pool, bool withItems)
    {
        Element element = request.FloatElement;
        bool hessian = request[Common.Hessian] > 0;
        for (int place = 0; place < request.Card.InputArray.Length; place++)
        {
            if ((request.Gradients!.Value >> place & 1) == 0 || request.Tensor(place) is not { } input)
            {
                continue;
            }

            result.Gradients[place] = Tensor.Like(pool, input, element);
            result.Hessians[place] = hessian ? Tensor.Like(pool, input, element) : null;
        }

        if (withItems && (request.Reduction == Reduction.None || request[Common.ReturnItems] == 1))
        {
            result.Losses = Tensor.Rent(
                pool, request.Solution!.Items, element, request.AnyTensor(request.Solution.First).Form);
        }
    }
}

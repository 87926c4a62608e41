using System.Numerics;
using LossService.Engine.Cards;
using LossService.Engine.Numerics;

namespace LossService.Engine.Families;

/// <summary>Puts the gradient into the second derivatives of an answer, where their form is made of it.</summary>
internal static class HessianOfGradient
{
    /// <summary>Replaces or adds to the second derivatives by the predictions; those by targets stay.</summary>
    /// <param name="result">The answer, computed without an upstream gradient.</param>
    public static void Apply<T>(LossResult result) where T : unmanaged, INumberBase<T>
    {
        if (HessianForm.Of(result.Request) is not { HasGradient: true } form)
        {
            return;
        }

        T share = T.CreateTruncating(form.GradientShare);
        bool isNegative = result.Request[Common.LossWeight] < 0;
        for (int place = 0; place < result.Hessians.Length; place++)
        {
            if (result.Hessians[place] is not { } hessian
                || result.Request.Card.Inputs[place].Gradient != GradientRule.Default)
            {
                continue;
            }

            ReadOnlySpan<T> slopes = result.Gradients[place]!.Values<T>();
            Span<T> curves = hessian.Values<T>();
            for (int i = 0; i < curves.Length; i++)
            {
                T magnitude = isNegative ? -T.Abs(slopes[i]) : T.Abs(slopes[i]);
                curves[i] = form.IsMagnitude ? magnitude : curves[i] + (share * slopes[i]);
            }
        }
    }
}

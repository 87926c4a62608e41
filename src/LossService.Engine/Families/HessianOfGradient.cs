using System.Numerics;
using LossService.Engine.Cards;
using LossService.Engine.Numerics;

namespace LossService.Engine.Families;

/// <summary>Puts the gradient into the second derivatives of an answer, where their form is made of it.</summary>
internal static class HessianOfGradient
{
    /// <summary>Replaces or adds to the second derivatives by the predictions; those by targets stay.</summary>
    /// <param name="result">The answer, computed without an upstream gradient.</param>
    /// <param name="workshop">Is polled.</param>
    public static void Apply<T>(LossResult result, Workshop workshop) where T : unmanaged, INumberBase<T>
    {
        if (HessianForm.Of(result.Request) is not { HasGradient: true } form)
        {
            return;
        }

        var pace = new Pace(workshop);
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
                pace.Count(1);
                T magnitude = isNegative ? -T.Abs(slopes[i]) : T.Abs(slopes[i]);
                curves[i] = form.IsMagnitude ? magnitude : curves[i] + (share * slopes[i]);
            }
        }
    }
}

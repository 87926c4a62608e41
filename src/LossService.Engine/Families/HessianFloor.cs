using System.Numerics;
using LossService.Engine.Cards;
using LossService.Engine.Numerics;

namespace LossService.Engine.Families;

/// <summary>Raises the second derivatives of an answer to the floor that the request gives.</summary>
internal static class HessianFloor
{
    /// <summary>Raises every number below the floor times its item's factor; a NaN stays one.</summary>
    /// <param name="result">The answer, computed.</param>
    /// <param name="workshop">Is polled.</param>
    /// <param name="factorOf">What the second derivatives of an item were multiplied by; 0 for one that is left
    /// out.</param>
    public static void Apply<T>(LossResult result, Workshop workshop, Func<int, double> factorOf)
        where T : unmanaged, INumberBase<T>
    {
        double floor = result.Request[Common.HessianFloor];
        if (double.IsNaN(floor))
        {
            return;
        }

        var pace = new Pace(workshop);
        Shape items = result.Request.Solution!.Items;
        foreach (Tensor? hessian in result.Hessians)
        {
            if (hessian is null)
            {
                continue;
            }

            Span<T> curves = hessian.Values<T>();
            for (int i = 0; i < curves.Length; i++)
            {
                pace.Count(1);
                double factor = factorOf(ItemOf(i, hessian.Shape, items));
                double least = floor * factor;
                double curve = double.CreateTruncating(curves[i]);
                bool below = factor < 0 ? curve > least : curve < least;
                curves[i] = below ? T.CreateTruncating(least) : curves[i];
            }
        }
    }

    /// <summary>Raises second derivatives that have no factor yet; a NaN stays one, a floor of NaN is none.</summary>
    public static void Apply(Span<double> curves, double floor)
    {
        foreach (ref double curve in curves)
        {
            curve = curve < floor ? floor : curve;
        }
    }

    // An element of (N, C, d1, ...) belongs to the item (N, d1, ...).
    private static int ItemOf(int element, Shape shape, Shape items)
    {
        if (shape.Elements == items.Elements)
        {
            return element;
        }

        if (items.Rank == 0)
        {
            return 0;
        }

        int inner = items.From(1).Elements;
        int classes = shape.Elements / items.Elements;
        return (element / (classes * inner) * inner) + (element % inner);
    }
}

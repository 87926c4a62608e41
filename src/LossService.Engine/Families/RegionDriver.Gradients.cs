using System.Numerics;
using LossService.Engine.Lanes;
using LossService.Engine.Numerics;

namespace LossService.Engine.Families;

/// <content>From slopes on p and second derivatives by it to those of what was given.</content>
internal abstract partial class RegionDriver<T>
    where T : unmanaged, INumberBase<T>
{
    private void Differentiate(int region, int start, in RegionBlock at)
    {
        Tensor? gradient = _result.Gradients[Plane.Place];
        for (int c = 0; c < at.Classes; c++)
        {
            Slopes(region, c, start, Factors(1)[region], at);
            if (TargetsGradient is not null)
            {
                Plane.Write(TargetsGradient, c, start, at.Output[..at.Count]);
            }
        }

        if (gradient is null)
        {
            return;
        }

        if (Plane.Form == RegionForm.Softmax)
        {
            at.ThroughSoftmax();
        }

        for (int c = 0; c < at.Classes; c++)
        {
            if (Plane.Form == RegionForm.Sigmoid)
            {
                ThroughSigmoid(c, at);
            }

            Plane.Write(gradient, c, start, at.Slopes(c)[..at.Count]);
        }
    }

    // The slopes once more, without an upstream gradient: what p owes to its score bends too.
    private void Bend(int region, int start, in RegionBlock at)
    {
        for (int c = 0; c < at.Classes; c++)
        {
            Slopes(region, c, start, 1, at);
            Curves(region, c, start, at);
            if (TargetsHessian is not null)
            {
                WriteCurves(TargetsHessian, region, c, start, at.Output[..at.Count]);
            }
        }

        switch (Plane.Form)
        {
            case RegionForm.Softmax:
                at.BendThroughSoftmax(Shared(region));
                break;
            case RegionForm.Sigmoid:
                at.BendThroughSigmoid();
                break;
        }

        for (int c = 0; c < at.Classes && _result.Hessians[Plane.Place] is { } hessian; c++)
        {
            WriteCurves(hessian, region, c, start, at.Curves(c)[..at.Count]);
        }
    }

    // The floor comes before weights.
    private void WriteCurves(Tensor hessian, int region, int @class, int start, Span<double> curves)
    {
        HessianFloor.Apply(curves, _floor);
        foreach (ref double curve in curves)
        {
            curve *= Factors(2)[region];
        }

        Plane.Write(hessian, @class, start, curves);
    }

    private static void ThroughSigmoid(int c, in RegionBlock at)
    {
        for (int i = 0; i < at.Stride; i += DoubleLane.Count)
        {
            DoubleLane rise = RegionBlock.Load(at.P(c), i) * RegionBlock.Load(at.Rest(c), i);
            RegionBlock.Store(RegionBlock.Load(at.Slopes(c), i) * rise, at.Slopes(c), i);
        }
    }
}

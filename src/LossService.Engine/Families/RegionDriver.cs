using System.Numerics;
using LossService.Engine.Cards;
using LossService.Engine.Lanes;
using LossService.Engine.Numerics;

namespace LossService.Engine.Families;

/// <summary>A loss of regions runs in phases over its blocks: what is measured first joins all places of a
/// region.</summary>
internal abstract class RegionDriver : Driver, IDisposable
{
    /// <summary>Runs them all and finishes the answer.</summary>
    public abstract void RunPhases(Workshop workshop);

    public abstract void Dispose();
}

/// <summary>What losses of regions have in common: reading blocks, taking slopes on p back to what was given,
/// items.</summary>
internal abstract partial class RegionDriver<T> : RegionDriver
    where T : unmanaged, INumberBase<T>
{
    private readonly LossResult _result;
    private readonly Tensor _room;
    private readonly int _factors;
    private readonly bool _dividesByWeights;
    private readonly double _floor;
    private readonly AbsentClasses _absentClasses;
    private int _undefined;
    private int _unnormalized;
    private int _absent;

    /// <summary>Rents <paramref name="room"/> doubles for the derived driver beside its own.</summary>
    protected RegionDriver(
        LossRequest request, LossResult result, ItemPlan<double> plan, RegionPlane<T> plane, Workshop workshop,
        long room)
    {
        _result = result;
        Plan = plan;
        Plane = plane;
        int weight = request.Card.PlaceOfInput(Common.WeightName);
        ClassWeights = weight < 0 ? null : request.Tensor(weight);
        _dividesByWeights = request[Common.WeightNormalization] == 0;
        _floor = request[Common.HessianFloor];
        // A loss may have another default.
        LossCard card = request.Card;
        int absent = card.PlaceOfParameter(RegionMembers.AbsentClasses.Name);
        _absentClasses = absent < 0 ? AbsentClasses.Count : (AbsentClasses)(int)request[card.ParameterAt(absent)];
        Outputs.Rent(request, result, workshop.Pool, withItems: true);
        _room = Tensor.RentVector(workshop.Pool, room + (4L * plane.Regions), Element.Float64);
        _factors = (int)room;
        plan.Fill(0, Factors(0), Factors(1), Factors(2));
    }

    protected ItemPlan<double> Plan { get; }

    protected RegionPlane<T> Plane { get; }

    protected Tensor? ClassWeights { get; }

    /// <summary>True while blocks are measured, false when they are differentiated.</summary>
    protected bool IsMeasuring { get; set; } = true;

    /// <summary>The doubles that the derived driver asked for.</summary>
    protected Span<double> Room => _room.Float64[.._factors];

    /// <summary>True when the caller wants the gradient of the targets.</summary>
    protected Tensor? TargetsGradient => _result.Gradients[Plane.TargetsPlace];

    /// <summary>The second derivatives by the targets, if the caller wants them.</summary>
    protected Tensor? TargetsHessian => _result.Hessians[Plane.TargetsPlace];

    /// <summary>True when the caller wants second derivatives.</summary>
    protected bool IsCurved => (_result.Hessians[Plane.Place] ?? TargetsHessian) is not null;

    public override int Blocks => Plane.Blocks;

    public override void Run(int block, Scratch scratch)
    {
        int region = block / Plane.BlocksPerRegion;
        (int start, int count) = Plane.PlacesOf(block);
        var at = new RegionBlock(scratch, Plane.Classes, count, IsCurved && !IsMeasuring);
        if (Plan.IsLeftOut(region))
        {
            Clear(start, at);
            return;
        }

        Open(start, at);
        if (IsMeasuring)
        {
            Measure(block, start, at);
        }
        else if (_result.Gradients[Plane.Place] is not null || TargetsGradient is not null)
        {
            Differentiate(region, start, at);
            if (IsCurved)
            {
                Bend(region, start, at);
            }
        }
    }

    public override void Dispose() => _room.Dispose();

    /// <summary>Takes what a block adds to its region.</summary>
    protected abstract void Measure(int block, int start, in RegionBlock at);

    /// <summary>A class's slopes on p, into the block's row, times <paramref name="factor"/>; and on its truths, where
    /// these are differentiated, into the block's output.</summary>
    protected abstract void Slopes(int region, int @class, int start, double factor, in RegionBlock at);

    /// <summary>A class's second derivatives by p, into the block's row, and how its places move what classes share;
    /// and those by its truths, where these are wanted, into the block's output.</summary>
    protected abstract void Curves(int region, int @class, int start, in RegionBlock at);

    /// <summary>The second derivative of a region's loss by what its classes share under a softmax; nothing by
    /// default.</summary>
    protected virtual QuadraticForm Shared(int region) => default;

    /// <summary>How much a class weighs: 1 unless the request says.</summary>
    protected double WeightOf(int @class) => ClassWeights?.ValueAt(@class) ?? 1;

    /// <summary>True when a class stays in the mean, and whether its loss counts there.</summary>
    protected (bool Stays, bool Counts) Presence(bool present)
    {
        _absent += present ? 0 : 1;
        return (present || _absentClasses != AbsentClasses.Skip, present || CountsAbsent);
    }

    /// <summary>True when a class without truths costs what the formula says.</summary>
    protected bool CountsAbsent => _absentClasses == AbsentClasses.Count;

    /// <summary>What the classes' mean divides by.</summary>
    protected double Divisor(int kept, double weights, bool always = false) =>
        always || _dividesByWeights ? weights : kept;

    /// <summary>True when the mean of classes divides by their weights.</summary>
    protected bool DividesByWeights => _dividesByWeights;

    /// <summary>Takes a region's loss for an item.</summary>
    protected void SetItem(int region, double loss) =>
        Factors(3)[region] = Plan.IsLeftOut(region) ? 0 : loss * Factors(0)[region];

    /// <summary>Reduces, and says what the caller should know.</summary>
    /// <param name="ties">How many places sit on a corner of the loss.</param>
    protected void Finish(int ties = 0)
    {
        Span<double> losses = Factors(3);
        if (_result.Losses is not null)
        {
            Rows.Narrow(losses, _result.Losses.Values<T>());
        }

        Span<double> sum = [Sums.Of<double>(losses)];
        Plan.Finish(_result, sum, isFloored: true);
        RowNotes.Add(_result, _undefined, _unnormalized);
        _result.TellTies(ties, "Places");
        if (_absent > 0)
        {
            _result.Notes.Add(new("absent_classes", "Classes of a region have no true place; absent_classes chose what they cost.")
            {
                Count = _absent,
            });
        }
    }

    private Span<double> Factors(int kind) =>
        _room.Float64.Slice(_factors + (kind * Plane.Regions), Plane.Regions);

    private void Open(int start, in RegionBlock at)
    {
        for (int c = 0; c < at.Classes; c++)
        {
            Plane.Read(Plane.Predictions, c, start, at.P(c)[..at.Count]);
            at.P(c)[at.Count..].Clear();
        }

        if (IsMeasuring && Plane is { Form: RegionForm.Probabilities, HasOneClassAPlace: true })
        {
            Interlocked.Add(ref _unnormalized, Unnormalized(start, at));
        }

        int undefined = at.Activate(Plane.Form);
        Interlocked.Add(ref _undefined, IsMeasuring ? undefined : 0);
        for (int i = 0; i < at.Stride; i++)
        {
            if (i >= at.Count || Plane.IsIgnored(start + i))
            {
                at.Blank(i);
            }
        }
    }

    private int Unnormalized(int start, in RegionBlock at)
    {
        double tolerance = (typeof(T) == typeof(float) ? 1e-6 : 1e-12) * at.Classes;
        int count = 0;
        for (int i = 0; i < at.Count; i++)
        {
            double sum = 0;
            for (int c = 0; c < at.Classes; c++)
            {
                sum += at.P(c)[i];
            }

            count += !Plane.IsIgnored(start + i) && !(Math.Abs(sum - 1) <= tolerance) ? 1 : 0;
        }

        return count;
    }

    private void Clear(int start, in RegionBlock at)
    {
        at.Output.Clear();
        ReadOnlySpan<Tensor?> derivatives =
            [_result.Gradients[Plane.Place], TargetsGradient, _result.Hessians[Plane.Place], TargetsHessian];
        foreach (Tensor? derivative in derivatives)
        {
            for (int c = 0; c < at.Classes && !IsMeasuring && derivative is not null; c++)
            {
                Plane.Write(derivative, c, start, at.Output[..at.Count]);
            }
        }
    }
}

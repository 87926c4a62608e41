using System.Numerics;
using System.Runtime.InteropServices;
using LossService.Engine.Cards;
using LossService.Engine.Lanes;
using LossService.Engine.Numerics;

namespace LossService.Engine.Families;

/// <summary>Runs a loss of boxes: a lane holds boxes, and each coordinate asked for is one pass of dual numbers.
/// Inside, everything is double, since areas of near boxes cancel.</summary>
internal sealed class BoxDriver<TLoss, T> : Driver, IDisposable
    where TLoss : struct, IBoxLoss<TLoss>
    where T : unmanaged, INumberBase<T>
{
    private const int Corners = 4;
    private const int Operands = 2 * Corners;
    private const int BoxesPerBlock = 256;

    private readonly TLoss _loss;
    private readonly LossResult _result;
    private readonly ItemPlan<double> _plan;
    private readonly Tensor[] _boxes;
    private readonly Tensor _partials;
    private int _ties;
    private int _apart;
    private int _flat;

    public BoxDriver(
        TLoss loss, LossRequest request, LossResult result, ItemPlan<double> plan, Workshop workshop)
    {
        _loss = loss;
        _result = result;
        _plan = plan;
        _boxes = [request.Tensor(0)!, request.Tensor(1)!];
        Outputs.Rent(request, result, workshop.Pool, withItems: true);
        _partials = Tensor.Rent(workshop.Pool, new Shape(Blocks), Element.Float64);
    }

    public override int Blocks => (_plan.Items + BoxesPerBlock - 1) / BoxesPerBlock;

    public override void Run(int block, Scratch scratch)
    {
        int start = block * BoxesPerBlock;
        var group = new BoxGroup(scratch, Math.Min(BoxesPerBlock, _plan.Items - start));
        _plan.Fill(start, group.Weights, group.Coefficients, group.Curvatures);
        Read(start, group);
        for (int s = 0; s < group.Boxes; s += DoubleLane.Count)
        {
            Answer(s, group);
        }

        FinishItems(block, start, group);
        for (int operand = 0; operand < Operands; operand++)
        {
            Write(_result.Gradients[operand / Corners], start, operand, group.Slope(operand), group.Coefficients);
            Write(_result.Hessians[operand / Corners], start, operand, group.Curve(operand), group.Curvatures);
        }
    }

    /// <summary>Reduces, and says what the caller should know.</summary>
    public void Finish()
    {
        _plan.Finish(_result, _partials.Float64);
        Note("no_overlap", "Boxes do not overlap their targets, or only touch them.", _apart);
        Note("zero_area", "Boxes or targets have no area, or corners that are not in order.", _flat);
        Note("ties", "Boxes share a coordinate with their target: the slope of the minimum or maximum is shared too.", _ties);
    }

    public void Dispose() => _partials.Dispose();

    private void Note(string code, string detail, int count)
    {
        if (count > 0)
        {
            _result.Notes.Add(new(code, detail) { Count = count });
        }
    }

    private void Read(int start, in BoxGroup group)
    {
        for (int operand = 0; operand < Operands; operand++)
        {
            ReadOnlySpan<T> numbers = _boxes[operand / Corners].Values<T>();
            Span<double> column = group.Operand(operand);
            for (int s = 0; s < group.Boxes; s++)
            {
                column[s] = double.CreateTruncating(numbers[((start + s) * Corners) + (operand % Corners)]);
            }
        }
    }

    private void Answer(int s, in BoxGroup group)
    {
        Store(_loss.Loss(Given(0, s, group), Given(Corners, s, group)), group.Losses, s);
        for (int operand = 0; operand < Operands; operand++)
        {
            if (_result.Gradients[operand / Corners] is null)
            {
                continue;
            }

            Dual<DoubleLane> loss = _loss.Loss(Seeded(0, operand, s, group), Seeded(Corners, operand, s, group));
            Store(loss.Slope, group.Slope(operand), s);
            if (_result.Hessians[operand / Corners] is not null)
            {
                Dual<Dual<DoubleLane>> curved =
                    _loss.Loss(TwiceSeeded(0, operand, s, group), TwiceSeeded(Corners, operand, s, group));
                Store(curved.Slope.Slope, group.Curve(operand), s);
            }
        }
    }

    private void FinishItems(int block, int start, in BoxGroup group)
    {
        Span<double> losses = group.Losses[..group.Boxes];
        int ties = 0;
        int apart = 0;
        int flat = 0;
        for (int s = 0; s < losses.Length; s++)
        {
            if (_plan.IsLeftOut(start + s))
            {
                losses[s] = 0;
            }
            else
            {
                losses[s] *= group.Weights[s];
                ties += HasTie(s, group) ? 1 : 0;
                apart += IsApart(s, group) ? 1 : 0;
                flat += IsFlat(0, s, group) || IsFlat(Corners, s, group) ? 1 : 0;
            }

            if (_result.Losses is not null)
            {
                _result.Losses.Values<T>()[start + s] = T.CreateTruncating(losses[s]);
            }
        }

        Interlocked.Add(ref _ties, ties);
        Interlocked.Add(ref _apart, apart);
        Interlocked.Add(ref _flat, flat);
        _partials.Float64[block] = Sums.OfBlock<double>(losses);
    }

    private static bool HasTie(int s, in BoxGroup group)
    {
        for (int corner = 0; corner < Corners; corner++)
        {
            if (group.Operand(corner)[s] == group.Operand(Corners + corner)[s])
            {
                return true;
            }
        }

        return false;
    }

    // Along x the corners 0 and 2, along y 1 and 3.
    private static bool IsApart(int s, in BoxGroup group)
    {
        for (int axis = 0; axis < 2; axis++)
        {
            double from = Math.Max(group.Operand(axis)[s], group.Operand(Corners + axis)[s]);
            double to = Math.Min(group.Operand(axis + 2)[s], group.Operand(Corners + axis + 2)[s]);
            if (to <= from)
            {
                return true;
            }
        }

        return false;
    }

    private static bool IsFlat(int first, int s, in BoxGroup group) =>
        group.Operand(first + 2)[s] <= group.Operand(first)[s]
        || group.Operand(first + 3)[s] <= group.Operand(first + 1)[s];

    private void Write(
        Tensor? tensor, int start, int operand, ReadOnlySpan<double> slopes, ReadOnlySpan<double> factors)
    {
        if (tensor is null)
        {
            return;
        }

        Span<T> to = tensor.Values<T>();
        for (int s = 0; s < factors.Length; s++)
        {
            double slope = _plan.IsLeftOut(start + s) ? 0 : slopes[s] * factors[s];
            to[((start + s) * Corners) + (operand % Corners)] = T.CreateTruncating(slope);
        }
    }

    private static Box<DoubleLane> Given(int first, int s, in BoxGroup group) => new(
        Load(group.Operand(first), s), Load(group.Operand(first + 1), s),
        Load(group.Operand(first + 2), s), Load(group.Operand(first + 3), s));

    private static Box<Dual<DoubleLane>> Seeded(int first, int operand, int s, in BoxGroup group)
    {
        Box<DoubleLane> at = Given(first, s, group);
        return new(
            Seed(at.X1, operand == first), Seed(at.Y1, operand == first + 1),
            Seed(at.X2, operand == first + 2), Seed(at.Y2, operand == first + 3));
    }

    private static Box<Dual<Dual<DoubleLane>>> TwiceSeeded(int first, int operand, int s, in BoxGroup group)
    {
        Box<Dual<DoubleLane>> at = Seeded(first, operand, s, group);
        return new(Again(at.X1), Again(at.Y1), Again(at.X2), Again(at.Y2));

        static Dual<Dual<DoubleLane>> Again(Dual<DoubleLane> once) => new(once, new(once.Slope, 0));
    }

    private static Dual<DoubleLane> Seed(DoubleLane value, bool seeded) => new(value, seeded ? 1 : 0);

    private static DoubleLane Load(Span<double> numbers, int s) =>
        DoubleLane.Load(ref MemoryMarshal.GetReference(numbers), s);

    private static void Store(DoubleLane lane, Span<double> numbers, int s) =>
        DoubleLane.Store(lane, ref MemoryMarshal.GetReference(numbers), s);

    /// <summary>The working memory of one block of boxes: a column a coordinate.</summary>
    private readonly ref struct BoxGroup
    {
        private readonly Span<double> _columns;
        private readonly int _stride;

        public BoxGroup(Scratch scratch, int boxes)
        {
            const int Columns = (3 * Operands) + 1;
            Boxes = boxes;
            _stride = (boxes + 3) & ~3; // whole vectors of four doubles
            _columns = scratch.Take<double>(0, Columns * _stride)[..(Columns * _stride)];
            _columns.Clear();
            Weights = scratch.Take<double>(1, boxes)[..boxes];
            Coefficients = scratch.Take<double>(2, boxes)[..boxes];
            Curvatures = scratch.Take<double>(3, boxes)[..boxes];
        }

        public int Boxes { get; }

        public Span<double> Weights { get; }

        public Span<double> Coefficients { get; }

        public Span<double> Curvatures { get; }

        public Span<double> Losses => Column(3 * Operands);

        public Span<double> Operand(int operand) => Column(operand);

        public Span<double> Slope(int operand) => Column(Operands + operand);

        public Span<double> Curve(int operand) => Column((2 * Operands) + operand);

        private Span<double> Column(int place) => _columns.Slice(place * _stride, _stride);
    }
}

using System.Numerics;
using System.Runtime.InteropServices;
using LossService.Engine.Cards;
using LossService.Engine.Lanes;
using LossService.Engine.Numerics;

namespace LossService.Engine.Families;

/// <summary>Runs a loss of boxes: a lane holds boxes, and each coordinate asked for is one pass of dual numbers.
/// Inside, everything is double, since areas of near boxes cancel.</summary>
internal sealed class BoxDriver<TLoss, T> : Driver, IDisposable
    where TLoss : struct, IBoxPartLoss<TLoss>
    where T : unmanaged, INumberBase<T>
{
    private const int Corners = 4;
    private const int Operands = 2 * Corners;
    private const int BoxesPerBlock = 256;

    private readonly TLoss _loss;
    private readonly LossResult _result;
    private readonly ItemPlan<double> _plan;
    private readonly Tensor[] _boxes;
    private readonly int _count;
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
        _count = plan.Items / TLoss.Parts;
        Outputs.Rent(request, result, workshop.Pool, withItems: true);
        _partials = Tensor.Rent(workshop.Pool, new Shape(Blocks), Element.Float64);
    }

    public override int Blocks => (_count + BoxesPerBlock - 1) / BoxesPerBlock;

    public override void Run(int block, Scratch scratch)
    {
        int start = block * BoxesPerBlock;
        var group = new BoxGroup(scratch, Math.Min(BoxesPerBlock, _count - start), TLoss.Parts);
        _plan.Fill(start * TLoss.Parts, group.Weights, group.Coefficients, group.Curvatures);
        Read(start, group);
        for (int s = 0; s < group.Boxes; s += DoubleLane.Count)
        {
            Answer(s, group);
        }

        FinishItems(block, start, group);
        for (int operand = 0; operand < Operands; operand++)
        {
            int input = operand / Corners;
            Write(_result.Gradients[input], start, operand, group.FirstSlope(operand), group, group.Coefficients);
            Write(_result.Hessians[input], start, operand, group.FirstCurve(operand), group, group.Curvatures);
        }
    }

    /// <summary>Reduces, and says what the caller should know.</summary>
    public void Finish()
    {
        _plan.Finish(_result, _partials.Float64);
        Note("no_overlap", "Boxes do not overlap their targets, or only touch them.", _apart);
        Note("zero_area", "Boxes or targets have no area, or corners that are not in order.", _flat);
        Note("ties", "Boxes share a coordinate with their target, whose slope is shared too, or only touch it, where the member tie chose the slope.", _ties);
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
        for (int part = 0; part < TLoss.Parts; part++)
        {
            Store(TLoss.Part(_loss, part, Given(0, s, group), Given(Corners, s, group)), group.Losses(part), s);
            for (int operand = 0; operand < Operands; operand++)
            {
                if (_result.Gradients[operand / Corners] is not null)
                {
                    Differentiate(s, part, operand, group);
                }
            }
        }
    }

    private void Differentiate(int s, int part, int operand, in BoxGroup group)
    {
        Dual<DoubleLane> loss =
            TLoss.Part(_loss, part, Seeded(0, operand, s, group), Seeded(Corners, operand, s, group));
        Store(loss.Slope, group.Column(group.FirstSlope(operand) + part), s);
        if (_result.Hessians[operand / Corners] is not null)
        {
            Dual<Dual<DoubleLane>> curved =
                TLoss.Part(_loss, part, TwiceSeeded(0, operand, s, group), TwiceSeeded(Corners, operand, s, group));
            Store(curved.Slope.Slope, group.Column(group.FirstCurve(operand) + part), s);
        }
    }

    private void FinishItems(int block, int start, in BoxGroup group)
    {
        Span<double> losses = group.Items;
        int ties = 0;
        int apart = 0;
        int flat = 0;
        for (int s = 0; s < group.Boxes; s++)
        {
            bool counts = false;
            for (int part = 0; part < TLoss.Parts; part++)
            {
                int item = (s * TLoss.Parts) + part;
                bool leftOut = _plan.IsLeftOut((start * TLoss.Parts) + item);
                losses[item] = leftOut ? 0 : group.Losses(part)[s] * group.Weights[item];
                counts |= !leftOut;
            }

            double overlap = Overlap(s, group);
            ties += counts && (overlap == 0 || HasTie(s, group)) ? 1 : 0;
            apart += counts && overlap <= 0 ? 1 : 0;
            flat += counts && (IsFlat(0, s, group) || IsFlat(Corners, s, group)) ? 1 : 0;
        }

        if (_result.Losses is not null)
        {
            Rows.Narrow(losses, _result.Losses.Values<T>().Slice(start * TLoss.Parts, losses.Length));
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

    // Along the axis on which it is least: 0 where boxes only touch, less where they are apart. Along x stand the
    // corners 0 and 2, along y 1 and 3.
    private static double Overlap(int s, in BoxGroup group)
    {
        double least = double.PositiveInfinity;
        for (int axis = 0; axis < 2; axis++)
        {
            double from = Math.Max(group.Operand(axis)[s], group.Operand(Corners + axis)[s]);
            double to = Math.Min(group.Operand(axis + 2)[s], group.Operand(Corners + axis + 2)[s]);
            least = to - from < least ? to - from : least;
        }

        return least;
    }

    private static bool IsFlat(int first, int s, in BoxGroup group) =>
        group.Operand(first + 2)[s] <= group.Operand(first)[s]
        || group.Operand(first + 3)[s] <= group.Operand(first + 1)[s];

    // A coordinate's derivative is the sum of those of all parts of its box, each times its item's factor.
    private void Write(
        Tensor? tensor, int start, int operand, int first, in BoxGroup group, ReadOnlySpan<double> factors)
    {
        if (tensor is null)
        {
            return;
        }

        Span<T> to = tensor.Values<T>();
        for (int s = 0; s < group.Boxes; s++)
        {
            double sum = 0;
            for (int part = 0; part < TLoss.Parts; part++)
            {
                int item = (s * TLoss.Parts) + part;
                bool leftOut = _plan.IsLeftOut((start * TLoss.Parts) + item);
                double own = leftOut ? 0 : group.Column(first + part)[s] * factors[item];
                sum = part == 0 ? own : sum + own; // a sum from 0 on would lose the sign of -0
            }

            to[((start + s) * Corners) + (operand % Corners)] = T.CreateTruncating(sum);
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

    /// <summary>The working memory of one block of boxes: a column a coordinate, and for each part of a box a column of
    /// losses, of slopes and of curves a coordinate.</summary>
    private readonly ref struct BoxGroup
    {
        private readonly Span<double> _columns;
        private readonly int _stride;
        private readonly int _parts;

        public BoxGroup(Scratch scratch, int boxes, int parts)
        {
            int columns = Operands + (((2 * Operands) + 1) * parts);
            Boxes = boxes;
            _parts = parts;
            _stride = (boxes + 3) & ~3; // whole vectors of four doubles
            _columns = scratch.Take<double>(0, columns * _stride)[..(columns * _stride)];
            _columns.Clear();
            Weights = scratch.Take<double>(1, boxes * parts)[..(boxes * parts)];
            Coefficients = scratch.Take<double>(2, boxes * parts)[..(boxes * parts)];
            Curvatures = scratch.Take<double>(3, boxes * parts)[..(boxes * parts)];
            Items = scratch.Take<double>(4, boxes * parts)[..(boxes * parts)];
        }

        public int Boxes { get; }

        public Span<double> Weights { get; }

        public Span<double> Coefficients { get; }

        public Span<double> Curvatures { get; }

        /// <summary>The items, box after box.</summary>
        public Span<double> Items { get; }

        public Span<double> Operand(int operand) => Column(operand);

        public Span<double> Losses(int part) => Column(Operands + part);

        /// <summary>The column of the first part's slopes along a coordinate; those of the others follow.</summary>
        public int FirstSlope(int operand) => Operands + ((operand + 1) * _parts);

        /// <summary>The same of second derivatives.</summary>
        public int FirstCurve(int operand) => Operands + ((Operands + operand + 1) * _parts);

        public Span<double> Column(int place) => _columns.Slice(place * _stride, _stride);
    }
}

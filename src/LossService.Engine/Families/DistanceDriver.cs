using System.Numerics;
using System.Runtime.InteropServices;
using LossService.Engine.Lanes;
using LossService.Engine.Numerics;

namespace LossService.Engine.Families;

/// <summary>Runs a distance loss over groups of samples: the distances sample by sample, the loss and its slopes on
/// them for the whole group at once, then each slope back through its distance. Inside, everything is double.</summary>
internal sealed class DistanceDriver<TLoss, T> : Driver, IDisposable
    where TLoss : struct, IDistanceLoss<TLoss>
    where T : unmanaged, INumberBase<T>
{
    private const int EdgesMax = 3;

    private readonly TLoss _loss;
    private readonly LossResult _result;
    private readonly ItemPlan<T> _plan;
    private readonly Tensor[] _vectors;
    private readonly Tensor? _targets;
    private readonly Tensor _partials;
    private readonly int _length;
    private readonly int _samplesPerBlock;
    private readonly int _edges;
    private int _ties;

    public DistanceDriver(TLoss loss, LossRequest request, LossResult result, ItemPlan<T> plan, Workshop workshop)
    {
        _loss = loss;
        _result = result;
        _plan = plan;
        _vectors = new Tensor[TLoss.Vectors];
        for (int v = 0; v < _vectors.Length; v++)
        {
            _vectors[v] = request.Tensor(v)!;
        }

        int targets = request.Card.PlaceOfInput("targets");
        _targets = targets < 0 ? null : request.Tensor(targets);
        _length = request.Solution!.Length("E");
        _samplesPerBlock = Math.Max(1, BlockItems / Math.Max(1, _length));
        _edges = TLoss.Vectors == 2 ? 1 : loss.UsesThirdEdge ? 3 : 2;
        Outputs.Rent(request, result, workshop.Pool, withItems: true);
        _partials = Tensor.Rent(workshop.Pool, new Shape(Blocks), Element.Float64);
    }

    public override int Blocks => (_plan.Items + _samplesPerBlock - 1) / _samplesPerBlock;

    public override void Run(int block, Scratch scratch)
    {
        int start = block * _samplesPerBlock;
        int samples = Math.Min(_samplesPerBlock, _plan.Items - start);
        var group = new SampleGroup(scratch, samples, _length);
        Span<T> weights = scratch.Take<T>(2, samples)[..samples];
        Span<T> coefficients = scratch.Take<T>(3, samples)[..samples];
        Span<T> curvatures = scratch.Take<T>(4, samples)[..samples];
        _plan.Fill(start, weights, coefficients, curvatures);
        for (int s = 0; s < samples; s++)
        {
            Measure(start + s, s, group);
        }

        Answer(group);
        for (int s = 0; s < samples; s++)
        {
            Differentiate(start + s, s, double.CreateTruncating(coefficients[s]), group);
        }

        FinishItems(block, start, weights, group);
    }

    /// <summary>Reduces, and says what the caller should know.</summary>
    public void Finish()
    {
        _plan.Finish(_result, _partials.Float64);
        if (_ties > 0)
        {
            _result.Notes.Add(new("ties", "Items sit exactly on a corner of the loss; the member tie chose their slope.")
            {
                Count = _ties,
            });
        }
    }

    public void Dispose() => _partials.Dispose();

    private static (int From, int To) Ends(int edge) => edge switch
    {
        0 => (0, 1),
        1 => (0, 2),
        _ => (1, 2),
    };

    private void Measure(int sample, int s, in SampleGroup group)
    {
        Read(sample, group);
        for (int edge = 0; edge < _edges; edge++)
        {
            (int from, int to) = Ends(edge);
            group.Distance(edge)[s] = _loss.Distance.Measure(group.Vector(from), group.Vector(to));
        }

        group.Targets[s] = _targets is null ? 0 : _targets.ValueAt(sample);
    }

    private void Read(int sample, in SampleGroup group)
    {
        for (int v = 0; v < _vectors.Length; v++)
        {
            Rows.Widen<T>(_vectors[v].Values<T>().Slice(sample * _length, _length), group.Vector(v));
        }
    }

    private void Answer(in SampleGroup group)
    {
        for (int s = 0; s < group.Samples; s += DoubleLane.Count)
        {
            DoubleLane first = Load(group.Distance(0), s);
            DoubleLane second = Load(group.Distance(1), s);
            DoubleLane third = Load(group.Distance(2), s);
            DoubleLane y = Load(group.Targets, s);
            for (int edge = 0; edge < _edges; edge++)
            {
                Dual<DoubleLane> loss = _loss.Loss(
                    Seed(first, edge == 0), Seed(second, edge == 1), Seed(third, edge == 2), Seed(y, false));
                Store(loss.Value, group.Losses, s);
                Store(loss.Slope, group.Slope(edge), s);
            }

            Store(_loss.Corner(first, second, third, y), group.Corners, s);
        }
    }

    private static Dual<DoubleLane> Seed(DoubleLane value, bool seeded) => new(value, seeded ? 1 : 0);

    private static DoubleLane Load(Span<double> numbers, int s) =>
        DoubleLane.Load(ref MemoryMarshal.GetReference(numbers), s);

    private static void Store(DoubleLane lane, Span<double> numbers, int s) =>
        DoubleLane.Store(lane, ref MemoryMarshal.GetReference(numbers), s);

    private void Differentiate(int sample, int s, double coefficient, in SampleGroup group)
    {
        bool wanted = false;
        for (int v = 0; v < _vectors.Length; v++)
        {
            wanted |= _result.Gradients[v] is not null;
            group.Gradient(v).Clear();
        }

        if (!wanted)
        {
            return;
        }

        if (!_plan.IsLeftOut(sample))
        {
            Read(sample, group);
            for (int edge = 0; edge < _edges; edge++)
            {
                (int from, int to) = Ends(edge);
                _loss.Distance.Differentiate(
                    group.Vector(from), group.Vector(to), group.Distance(edge)[s], group.Slope(edge)[s] * coefficient,
                    group.Gradient(from), group.Gradient(to));
            }
        }

        for (int v = 0; v < _vectors.Length; v++)
        {
            if (_result.Gradients[v] is { } gradient)
            {
                Rows.Narrow(group.Gradient(v), gradient.Values<T>().Slice(sample * _length, _length));
            }
        }
    }

    private void FinishItems(int block, int start, ReadOnlySpan<T> weights, in SampleGroup group)
    {
        Span<double> losses = group.Losses[..group.Samples];
        int ties = 0;
        for (int s = 0; s < losses.Length; s++)
        {
            bool leftOut = _plan.IsLeftOut(start + s);
            losses[s] = leftOut ? 0 : losses[s] * double.CreateTruncating(weights[s]);
            ties += !leftOut && group.Corners[s] == 0 ? 1 : 0;
            if (_result.Losses is not null)
            {
                _result.Losses.Values<T>()[start + s] = T.CreateTruncating(losses[s]);
            }
        }

        Interlocked.Add(ref _ties, ties);
        _partials.Float64[block] = Sums.OfBlock<double>(losses);
    }

    /// <summary>The working memory of one group of samples.</summary>
    private readonly ref struct SampleGroup
    {
        private readonly Span<double> _statistics;
        private readonly Span<double> _rows;
        private readonly int _stride;
        private readonly int _length;

        public SampleGroup(Scratch scratch, int samples, int length)
        {
            const int Statistics = (2 * EdgesMax) + 3;
            Samples = samples;
            _length = length;
            _stride = (samples + 3) & ~3; // whole vectors of four doubles
            _statistics = scratch.Take<double>(0, Statistics * _stride)[..(Statistics * _stride)];
            _statistics.Clear();
            _rows = scratch.Take<double>(1, 2 * EdgesMax * length);
        }

        public int Samples { get; }

        public Span<double> Targets => Statistic(6);

        public Span<double> Losses => Statistic(7);

        public Span<double> Corners => Statistic(8);

        public Span<double> Distance(int edge) => Statistic(edge);

        public Span<double> Slope(int edge) => Statistic(EdgesMax + edge);

        public Span<double> Vector(int v) => _rows.Slice(v * _length, _length);

        public Span<double> Gradient(int v) => _rows.Slice((EdgesMax + v) * _length, _length);

        private Span<double> Statistic(int place) => _statistics.Slice(place * _stride, _stride);
    }
}

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
    private readonly bool _isDifferentiated;
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
        _isDifferentiated = request.Gradients != 0;
        _partials = Tensor.Rent(workshop.Pool, new Shape(Blocks), Element.Float64);
    }

    public override int Blocks => (_plan.Items + _samplesPerBlock - 1) / _samplesPerBlock;

    public override void Run(int block, Scratch scratch)
    {
        int start = block * _samplesPerBlock;
        int samples = Math.Min(_samplesPerBlock, _plan.Items - start);
        var group = new SampleGroup(scratch, samples);
        Span<T> weights = scratch.Take<T>(2, samples)[..samples];
        Span<T> coefficients = scratch.Take<T>(3, samples)[..samples];
        Span<T> curvatures = scratch.Take<T>(4, samples)[..samples];
        _plan.Fill(start, weights, coefficients, curvatures);
        for (int edge = 0; edge < _edges; edge++)
        {
            Measure(edge, start, group.Distance(edge)[..samples]);
        }

        for (int s = 0; _targets is not null && s < samples; s++)
        {
            group.Targets[s] = _targets.ValueAt(start + s);
        }

        Answer(group);
        Differentiate(start, coefficients, group, scratch.Take<T>(1, _length)[.._length]);
        FinishItems(block, start, weights, group);
    }

    /// <summary>Reduces, and says what the caller should know.</summary>
    public void Finish()
    {
        _plan.Finish(_result, _partials.Float64);
        _result.TellTies(_ties, "Items");
    }

    public void Dispose() => _partials.Dispose();

    private static (int From, int To) Ends(int edge) => edge switch
    {
        0 => (0, 1),
        1 => (0, 2),
        _ => (1, 2),
    };

    private void Measure(int edge, int start, Span<double> distances)
    {
        (int from, int to) = Ends(edge);
        ReadOnlySpan<T> first = Vectors(from, start, distances.Length);
        ReadOnlySpan<T> second = Vectors(to, start, distances.Length);
        Distance distance = _loss.Distance;
        for (int s = 0; s < distances.Length; s++)
        {
            distances[s] = distance.Measure(
                first.Slice(s * _length, _length), second.Slice(s * _length, _length));
        }
    }

    private Span<T> Vectors(int v, int start, int samples) =>
        _vectors[v].Values<T>().Slice(start * _length, samples * _length);

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

    private void Differentiate(int start, ReadOnlySpan<T> coefficients, in SampleGroup group, Span<T> unwanted)
    {
        if (!_isDifferentiated)
        {
            return;
        }

        int samples = group.Samples;
        Distance distance = _loss.Distance;
        Span<T> first = Vectors(0, start, samples);
        Span<T> second = Vectors(1, start, samples);
        Span<T> third = _vectors.Length == 2 ? default : Vectors(2, start, samples);
        Span<T> onFirst = Gradients(0, start, samples);
        Span<T> onSecond = Gradients(1, start, samples);
        Span<T> onThird = third.IsEmpty ? default : Gradients(2, start, samples);
        for (int s = 0; s < samples; s++)
        {
            var vectors = new SampleRows<T>(Row(first, s), Row(second, s), Row(third, s));
            var gradients = new SampleRows<T>(
                Row(onFirst, s, unwanted), Row(onSecond, s, unwanted), Row(onThird, s, unwanted));
            EdgeSlope near = default;
            EdgeSlope far = default;
            EdgeSlope across = default;
            if (!_plan.IsLeftOut(start + s))
            {
                double coefficient = double.CreateTruncating(coefficients[s]);
                SlopeOf(0, s, coefficient, group, vectors.First, vectors.Second, ref near);
                SlopeOf(1, s, coefficient, group, vectors.First, vectors.Third, ref far);
                SlopeOf(2, s, coefficient, group, vectors.Second, vectors.Third, ref across);
            }

            if (near.IsOn || far.IsOn || across.IsOn)
            {
                DistanceSlopes.Write(distance, near, far, across, vectors, gradients);
            }
            else
            {
                gradients.Clear();
            }
        }
    }

    private void SlopeOf(
        int edge, int s, double coefficient, in SampleGroup group, ReadOnlySpan<T> from, ReadOnlySpan<T> to,
        ref EdgeSlope slope)
    {
        if (edge < _edges)
        {
            _loss.Distance.SlopeOf(
                from, to, group.Distance(edge)[s], group.Slope(edge)[s] * coefficient, ref slope);
        }
    }

    private Span<T> Gradients(int v, int start, int samples) =>
        _result.Gradients[v] is { } gradient
            ? gradient.Values<T>().Slice(start * _length, samples * _length)
            : default;

    private Span<T> Row(Span<T> rows, int s) => rows.IsEmpty ? rows : rows.Slice(s * _length, _length);

    // What nobody asked for goes where nobody reads.
    private Span<T> Row(Span<T> rows, int s, Span<T> unwanted) => rows.IsEmpty ? unwanted : Row(rows, s);

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
        private readonly int _stride;

        public SampleGroup(Scratch scratch, int samples)
        {
            const int Statistics = (2 * EdgesMax) + 3;
            Samples = samples;
            _stride = (samples + 3) & ~3; // whole vectors of four doubles
            _statistics = scratch.Take<double>(0, Statistics * _stride)[..(Statistics * _stride)];
            _statistics.Clear();
        }

        public int Samples { get; }

        public Span<double> Targets => Statistic(6);

        public Span<double> Losses => Statistic(7);

        public Span<double> Corners => Statistic(8);

        public Span<double> Distance(int edge) => Statistic(edge);

        public Span<double> Slope(int edge) => Statistic(EdgesMax + edge);

        private Span<double> Statistic(int place) => _statistics.Slice(place * _stride, _stride);
    }
}

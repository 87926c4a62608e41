using System.Numerics;
using LossService.Engine.Cards;
using LossService.Engine.Lanes;
using LossService.Engine.Numerics;

namespace LossService.Engine.Families;

/// <summary>Runs an alignment loss sequence by sequence: log-probabilities of each step in doubles, forward through all
/// steps, backward with the gradient. Steps beyond a sequence's length have gradient 0.</summary>
internal sealed class AlignmentDriver<T> : Driver, IDisposable
    where T : unmanaged, INumberBase<T>
{
    private const int LogsSlot = 0;
    private const int OccupancySlot = 1;
    private const int WeightsSlot = 2;
    private const int AlignmentSlot = 6;

    private readonly AlignmentSetup _setup;
    private readonly LossResult _result;
    private readonly Workshop _workshop;
    private readonly ItemPlan<T> _plan;
    private readonly Sequences _sequences;
    private readonly Tensor _scores;
    private readonly bool _areLogits;
    private readonly Tensor? _gradient;
    private readonly Tensor _partials;
    private readonly int _perBlock;
    private int _impossible;

    public AlignmentDriver(
        AlignmentSetup setup, LossRequest request, LossResult result, ItemPlan<T> plan, Sequences sequences,
        Workshop workshop)
    {
        _setup = setup;
        _result = result;
        _workshop = workshop;
        _plan = plan;
        _sequences = sequences;
        int place = request.Solution!.First;
        _scores = request.Tensor(place)!;
        _areLogits = place == request.Card.PlaceOfInput("logits");
        _perBlock = Math.Max(1, BlockItems / Math.Max(1, sequences.Steps * sequences.Classes));
        Outputs.Rent(request, result, workshop.Pool, withItems: true);
        _gradient = result.Gradients[place];
        _partials = Tensor.Rent(workshop.Pool, new Shape(Blocks), Element.Float64);
    }

    public override int Blocks => (_sequences.Count + _perBlock - 1) / _perBlock;

    public override void Run(int block, Scratch scratch)
    {
        int first = block * _perBlock;
        int count = Math.Min(_perBlock, _sequences.Count - first);
        Span<T> weights = scratch.Take<T>(WeightsSlot, count)[..count];
        Span<T> coefficients = scratch.Take<T>(WeightsSlot + 1, count)[..count];
        Span<T> curvatures = scratch.Take<T>(WeightsSlot + 2, count)[..count];
        Span<double> losses = scratch.Take<double>(WeightsSlot + 3, count)[..count];
        _plan.Fill(first, weights, coefficients, curvatures);
        for (int i = 0; i < count; i++)
        {
            int sequence = first + i;
            bool divides = (_setup.PerLabel || _setup.MeanPerLabel) && !_plan.IsLeftOut(sequence);
            double share = divides ? 1.0 / Math.Max(1, _sequences.LabelsIn(sequence)) : 1;
            double item = _plan.IsLeftOut(sequence) ? LeaveOut(sequence) : double.CreateTruncating(weights[i])
                * RunSequence(sequence, double.CreateTruncating(coefficients[i]) * share, scratch);
            losses[i] = item * share;
            if (_result.Losses is not null)
            {
                _result.Losses.Values<T>()[sequence] = T.CreateTruncating(_setup.PerLabel ? losses[i] : item);
            }
        }

        _partials.Float64[block] = Sums.OfBlock<double>(losses);
    }

    /// <summary>Reduces, and says what the caller should know.</summary>
    public void Finish()
    {
        _plan.Finish(_result, _partials.Float64);
        if (_impossible > 0)
        {
            string detail = _setup.ZeroInfinity
                ? "Sequences without any possible alignment cost 0 and have gradient 0, as zero_infinity asks."
                : "Sequences without any possible alignment cost Infinity; zero_infinity makes that 0.";
            _result.Notes.Add(new("impossible_alignment", detail) { Count = _impossible });
        }
    }

    public void Dispose() => _partials.Dispose();

    private double LeaveOut(int sequence)
    {
        Clear(sequence, 0);
        return 0;
    }

    private double RunSequence(int sequence, double coefficient, Scratch scratch)
    {
        int steps = _sequences.StepsIn(sequence);
        ReadOnlySpan<int> labels = _sequences.Labels(sequence);
        if (!Alignment.Fits(labels, steps))
        {
            return Impossible(sequence);
        }

        Clear(sequence, steps);
        if (steps == 0)
        {
            return 0; // nothing to read, and nothing was read
        }

        var alignment = new Alignment(scratch, AlignmentSlot, labels, _setup.Blank, steps);
        Span<double> logs = scratch.Take<double>(LogsSlot, _sequences.Classes)[.._sequences.Classes];
        var pace = new Pace(_workshop); // a sequence may be all of a block
        for (int step = 0; step < steps; step++)
        {
            pace.Count(alignment.States + logs.Length);
            Read(sequence, step, logs);
            alignment.Forward(step, logs);
        }

        double total = alignment.Total(steps);
        if (double.IsNegativeInfinity(total))
        {
            return Impossible(sequence);
        }

        if (_gradient is not null)
        {
            Span<double> occupancy = scratch.Take<double>(OccupancySlot, logs.Length)[..logs.Length];
            for (int step = steps - 1; step >= 0; step--)
            {
                pace.Count(alignment.States + logs.Length);
                occupancy.Clear();
                alignment.Backward(step, steps, occupancy);
                Read(sequence, step, logs);
                alignment.Prepare(logs);
                Write(sequence, step, coefficient, logs, occupancy);
            }
        }

        return -total;
    }

    private double Impossible(int sequence)
    {
        Interlocked.Increment(ref _impossible);
        Clear(sequence, 0);
        if (_setup.ZeroInfinity)
        {
            return 0;
        }

        if (_gradient is not null && _setup.ThroughSoftmax)
        {
            for (int step = 0; step < _sequences.StepsIn(sequence); step++)
            {
                _gradient.Values<T>().Slice(_sequences.Row(sequence, step), _sequences.Classes)
                    .Fill(T.CreateTruncating(double.NaN));
            }
        }

        return double.PositiveInfinity;
    }

    private void Clear(int sequence, int from)
    {
        for (int step = from; _gradient is not null && step < _sequences.Steps; step++)
        {
            _gradient.Values<T>().Slice(_sequences.Row(sequence, step), _sequences.Classes).Clear();
        }
    }

    // The log-probabilities of one step; logits less the logarithm of their sum of exponentials.
    private void Read(int sequence, int step, Span<double> logs)
    {
        Rows.Widen<T>(_scores.Values<T>().Slice(_sequences.Row(sequence, step), logs.Length), logs);
        if (!_areLogits)
        {
            return;
        }

        double most = Rows.Max<double, DoubleLane>(logs);
        double rest = 0;
        int top = Math.Max(0, Rows.IndexOf<double, DoubleLane>(logs, most));
        for (int k = 0; k < logs.Length; k++)
        {
            rest += k == top ? 0 : ScalarLane.Exp(logs[k] - most).Value;
        }

        double log = ScalarLane.Log1p(rest).Value;
        for (int k = 0; k < logs.Length; k++)
        {
            logs[k] = k == top ? -log : logs[k] - most - log;
        }
    }

    // By log-probabilities minus the occupancy; by logits p minus it, where the likeliest class takes what the others
    // leave, since all of them sum to 0: 1 - 1 would keep no digit.
    private void Write(
        int sequence, int step, double coefficient, ReadOnlySpan<double> logs, ReadOnlySpan<double> occupancy)
    {
        Span<T> slopes = _gradient!.Values<T>().Slice(_sequences.Row(sequence, step), logs.Length);
        bool bySoftmax = _areLogits || _setup.ThroughSoftmax;
        int top = _areLogits ? Rows.IndexOf<double, DoubleLane>(logs, Rows.Max<double, DoubleLane>(logs)) : -1;
        double others = 0;
        for (int k = 0; k < logs.Length; k++)
        {
            double slope = (bySoftmax ? ScalarLane.Exp(logs[k]).Value : 0) - occupancy[k];
            others += k == top ? 0 : slope;
            slopes[k] = T.CreateTruncating(slope * coefficient);
        }

        if (top >= 0)
        {
            slopes[top] = T.CreateTruncating(-others * coefficient);
        }
    }
}

using System.Numerics;
using System.Runtime.InteropServices;
using LossService.Engine.Lanes;
using LossService.Engine.Numerics;

namespace LossService.Engine.Families;

/// <summary>Runs a preference loss over blocks of samples. Inside, everything is double: what counts is a small
/// difference of differences of large log-probabilities.</summary>
internal sealed class PreferenceDriver<TLoss, T> : Driver, IDisposable
    where TLoss : struct, IPreferenceLoss<TLoss>
    where T : unmanaged, INumberBase<T>
{
    private const int OperandsMax = 4;
    private const int BlockSamples = 256; // seven doubles each stay in L1

    private readonly TLoss _loss;
    private readonly LossResult _result;
    private readonly Workshop _workshop;
    private readonly ItemPlan<T> _plan;
    private readonly AnswerLogps[] _operands = new AnswerLogps[OperandsMax];
    private readonly bool[] _averages = new bool[OperandsMax];
    private readonly int _counter;
    private readonly Tensor _partials;
    private int _ties;

    public PreferenceDriver(TLoss loss, LossRequest request, LossResult result, ItemPlan<T> plan, Workshop workshop)
    {
        _loss = loss;
        _result = result;
        _workshop = workshop;
        _plan = plan;
        _counter = -1;
        for (int operand = 0; operand < TLoss.Operands; operand++)
        {
            _operands[operand] = new(request, operand);
            _averages[operand] = loss.Averages && request.Card.Inputs[operand].CountedBy is not null;
            _counter = request.Card.Inputs[operand].Name == request.Card.Inputs[0].CountedBy ? operand : _counter;
        }

        Outputs.Rent(request, result, workshop.Pool, withItems: true);
        _partials = Tensor.Rent(workshop.Pool, new Shape(Blocks), Element.Float64);
    }

    public override int Blocks => (_plan.Items + BlockSamples - 1) / BlockSamples;

    public override void Run(int block, Scratch scratch)
    {
        int start = block * BlockSamples;
        int count = Math.Min(BlockSamples, _plan.Items - start);
        var samples = new Samples(scratch, count);
        Span<T> weights = scratch.Take<T>(1, count)[..count];
        Span<T> coefficients = scratch.Take<T>(2, count)[..count];
        Span<T> curvatures = scratch.Take<T>(3, count)[..count];
        _plan.Fill(start, weights, coefficients, curvatures);
        for (int operand = 0; operand < TLoss.Operands; operand++)
        {
            Read(operand, start, samples.Operand(operand)[..count]);
        }

        bool hasLosses = false;
        for (int operand = 0; operand < TLoss.Operands; operand++)
        {
            if (_result.Gradients[operand] is { } gradient)
            {
                hasLosses = true;
                Differentiate(operand, samples, _result.Hessians[operand] is not null);
                Write(operand, gradient, start, samples.Slopes[..count], coefficients, power: 1);
                if (_result.Hessians[operand] is { } hessian)
                {
                    Write(operand, hessian, start, samples.Curves[..count], curvatures, power: 2);
                }
            }
        }

        if (!hasLosses)
        {
            Values(samples);
        }

        FinishItems(block, start, weights, samples);
    }

    /// <summary>Reduces, and says what the caller should know.</summary>
    public void Finish()
    {
        _plan.Finish(_result, _partials.Float64);
        _result.TellTies(_ties, "Items");
    }

    public void Dispose() => _partials.Dispose();

    private void Read(int operand, int start, Span<double> numbers)
    {
        AnswerLogps own = _operands[operand];
        var pace = new Pace(_workshop); // an answer may have thousands of tokens
        if (operand == _counter)
        {
            for (int i = 0; i < numbers.Length; i++)
            {
                pace.Count(_operands[0].Stride);
                numbers[i] = _operands[0].Length(start + i); // the number of tokens is an operand itself
            }

            return;
        }

        if (!own.IsGiven)
        {
            numbers.Fill(1);
            return;
        }

        for (int i = 0; i < numbers.Length; i++)
        {
            pace.Count(own.Stride);
            numbers[i] = own[start + i];
            numbers[i] = _averages[operand] ? numbers[i] / own.Length(start + i) : numbers[i];
        }
    }

    private void Values(in Samples samples)
    {
        for (int i = 0; i < samples.Count; i += DoubleLane.Count)
        {
            DoubleLane loss = _loss.Loss(
                samples.Lane(0, i), samples.Lane(1, i), samples.Lane(2, i), samples.Lane(3, i));
            Store(loss, samples.Losses, i);
        }
    }

    private void Differentiate(int operand, in Samples samples, bool twice)
    {
        for (int i = 0; i < samples.Count; i += DoubleLane.Count)
        {
            if (twice)
            {
                Dual<Dual<DoubleLane>> loss = _loss.Loss(
                    Twice(samples, 0, i, operand), Twice(samples, 1, i, operand),
                    Twice(samples, 2, i, operand), Twice(samples, 3, i, operand));
                Store(loss.Value.Value, samples.Losses, i);
                Store(loss.Value.Slope, samples.Slopes, i);
                Store(loss.Slope.Slope, samples.Curves, i);
            }
            else
            {
                Dual<DoubleLane> loss = _loss.Loss(
                    Once(samples, 0, i, operand), Once(samples, 1, i, operand),
                    Once(samples, 2, i, operand), Once(samples, 3, i, operand));
                Store(loss.Value, samples.Losses, i);
                Store(loss.Slope, samples.Slopes, i);
            }
        }
    }

    private static Dual<DoubleLane> Once(in Samples samples, int operand, int i, int seeded) =>
        new(samples.Lane(operand, i), operand == seeded ? 1 : 0);

    private static Dual<Dual<DoubleLane>> Twice(in Samples samples, int operand, int i, int seeded) =>
        new(Once(samples, operand, i, seeded), operand == seeded ? 1 : 0);

    private static void Store(DoubleLane lane, Span<double> numbers, int i) =>
        DoubleLane.Store(lane, ref MemoryMarshal.GetReference(numbers), i);

    // The derivative of what was divided by a length is divided by it once more, and the second one twice. Every token
    // that counts has the derivative of the sum.
    private void Write(
        int operand, Tensor destination, int start, Span<double> derivatives, ReadOnlySpan<T> factors, int power)
    {
        AnswerLogps own = _operands[operand];
        Span<T> written = destination.Values<T>().Slice(start * own.Stride, derivatives.Length * own.Stride);
        var pace = new Pace(_workshop);
        for (int i = 0; i < derivatives.Length; i++)
        {
            pace.Count(own.Stride);
            double length = _averages[operand] ? own.Length(start + i) : 1;
            double divisor = power == 2 ? length * length : length;
            double derivative = derivatives[i] * double.CreateTruncating(factors[i]) / divisor;
            T number = _plan.IsLeftOut(start + i) ? T.Zero : T.CreateTruncating(derivative);
            for (int token = 0; token < own.Stride; token++)
            {
                bool counts = !own.HasTokens || own.Counts(start + i, token);
                written[(i * own.Stride) + token] = counts ? number : T.Zero;
            }
        }
    }

    private void FinishItems(int block, int start, ReadOnlySpan<T> weights, in Samples samples)
    {
        Span<double> losses = samples.Losses[..samples.Count];
        int ties = 0;
        for (int i = 0; i < losses.Length; i++)
        {
            bool leftOut = _plan.IsLeftOut(start + i);
            losses[i] = leftOut ? 0 : losses[i] * double.CreateTruncating(weights[i]);
            ties += TLoss.HasCorner && !leftOut && IsOnCorner(samples, i) ? 1 : 0;
            if (_result.Losses is not null)
            {
                _result.Losses.Values<T>()[start + i] = T.CreateTruncating(losses[i]);
            }
        }

        Interlocked.Add(ref _ties, ties);
        _partials.Float64[block] = Sums.OfBlock<double>(losses);
    }

    private bool IsOnCorner(in Samples samples, int i) => TLoss.Corner<ScalarLane>(
        _loss, samples.Operand(0)[i], samples.Operand(1)[i], samples.Operand(2)[i], samples.Operand(3)[i]).Value == 0;

    /// <summary>The working memory of one block of samples.</summary>
    private readonly ref struct Samples
    {
        private readonly Span<double> _numbers;
        private readonly int _stride;

        public Samples(Scratch scratch, int count)
        {
            Count = count;
            _stride = (count + 3) & ~3; // whole vectors of four doubles
            int length = (OperandsMax + 3) * _stride;
            _numbers = scratch.Take<double>(0, length)[..length];
            _numbers.Clear();
        }

        public int Count { get; }

        public Span<double> Losses => Operand(OperandsMax);

        public Span<double> Slopes => Operand(OperandsMax + 1);

        public Span<double> Curves => Operand(OperandsMax + 2);

        public Span<double> Operand(int place) => _numbers.Slice(place * _stride, _stride);

        public DoubleLane Lane(int operand, int i) =>
            DoubleLane.Load(ref MemoryMarshal.GetReference(Operand(operand)), i);
    }
}

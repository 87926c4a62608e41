using System.Numerics;
using LossService.Engine.Cards;
using LossService.Engine.Lanes;
using LossService.Engine.Numerics;

namespace LossService.Engine.Families;

/// <summary>Runs a list loss over blocks of lists: what counts of each list in doubles, sorted as the loss wants it,
/// and its derivatives back to their places. Hidden elements have gradient 0.</summary>
internal sealed class ListDriver<TLoss, T> : Driver, IDisposable
    where TLoss : struct, IListLoss<TLoss>
    where T : unmanaged, INumberBase<T>
{
    private const int FirstSlot = 12; // below are those of the lists themselves

    private readonly TLoss _loss;
    private readonly LossRequest _request;
    private readonly LossResult _result;
    private readonly ItemPlan<T> _plan;
    private readonly Tensor _scores;
    private readonly Tensor _relevance;
    private readonly Tensor? _mask;
    private readonly Tensor? _gradient;
    private readonly Tensor? _hessian;
    private readonly double _floor;
    private readonly ListLayout _layout;
    private readonly Tensor _partials;
    private readonly Workshop _workshop;
    private int _ties;
    private int _plain;

    public ListDriver(
        TLoss loss, LossRequest request, LossResult result, ItemPlan<T> plan, ListLayout layout, Workshop workshop)
    {
        _loss = loss;
        _request = request;
        _result = result;
        _plan = plan;
        _workshop = workshop;
        LossCard card = request.Card;
        _scores = request.Tensor(0)!;
        _relevance = request.Tensor(1)!;
        _mask = request.Tensor(card.PlaceOfInput("list_mask"));
        Outputs.Rent(request, result, workshop.Pool, withItems: true);
        _gradient = result.Gradients[0];
        _hessian = result.Hessians[0];
        _floor = request[Common.HessianFloor] / HessianForm.FactorOf(request); // applied before the factor
        _layout = layout;
        _partials = Tensor.Rent(workshop.Pool, new Shape(_layout.Blocks), Element.Float64);
    }

    public override int Blocks => _layout.Blocks;

    /// <summary>What a mean divides by where it counts pairs; null where it counts lists.</summary>
    public Normalizer? Divisor(Workshop workshop)
    {
        if (!_loss.Setup.MeanOverPairs || _request.Reduction != Reduction.Mean)
        {
            return null;
        }

        double pairs = 0;
        using var scratch = new Scratch(workshop.Pool);
        for (int list = 0; list < _layout.Lists; list++)
        {
            if (!_plan.IsLeftOut(list))
            {
                workshop.Poll();
                pairs += Read(list, scratch).Pairs();
            }
        }

        return new("pairs", pairs);
    }

    public override void Run(int block, Scratch scratch)
    {
        int first = _layout.FirstOf(block);
        int lists = _layout.FirstOf(block + 1) - first;
        Span<T> weights = scratch.Take<T>(FirstSlot, lists)[..lists];
        Span<T> coefficients = scratch.Take<T>(FirstSlot + 1, lists)[..lists];
        Span<T> curvatures = scratch.Take<T>(FirstSlot + 2, lists)[..lists];
        Span<double> losses = scratch.Take<double>(FirstSlot + 3, lists)[..lists];
        _plan.Fill(first, weights, coefficients, curvatures);
        for (int i = 0; i < lists; i++)
        {
            int list = first + i;
            int start = _layout.Start(list);
            int length = _layout.Length(list);
            _gradient?.Values<T>().Slice(start, length).Clear();
            _hessian?.Values<T>().Slice(start, length).Clear();
            losses[i] = _plan.IsLeftOut(list) ? 0 : double.CreateTruncating(weights[i]) * RunList(
                list, double.CreateTruncating(coefficients[i]), double.CreateTruncating(curvatures[i]), scratch);
            if (_result.Losses is not null)
            {
                _result.Losses.Values<T>()[list] = T.CreateTruncating(losses[i]);
            }
        }

        _partials.Float64[block] = Sums.OfBlock<double>(losses);
    }

    /// <summary>Reduces, and says what the caller should know.</summary>
    public void Finish()
    {
        _plan.Finish(_result, _partials.Float64, isFloored: true);
        _result.TellTies(_ties, "Pairs");

        if (_plain > 0)
        {
            _result.Notes.Add(new("no_positives", "Lists without anything to rank first cost 0 and have gradient 0.")
            {
                Count = _plain,
            });
        }
    }

    public void Dispose() => _partials.Dispose();

    private RankedList Read(int list, Scratch scratch)
    {
        int length = _layout.Length(list);
        RankedList read = new RankedList(_workshop, scratch, length, _hessian is not null)
            .Read<T>(_scores, _relevance, _mask, _layout.Start(list), length);
        if (_loss.Setup.ByRelevance)
        {
            read.SortByRelevance(_loss.Setup.Seed);
        }

        return read;
    }

    private double RunList(int list, double coefficient, double curvature, Scratch scratch)
    {
        RankedList ranked = Read(list, scratch);
        ListAnswer answer = ranked.Length == 0 ? new(0, IsPlain: true) : _loss.Loss(ranked);
        if (answer.Ties > 0)
        {
            Interlocked.Add(ref _ties, answer.Ties);
        }

        if (answer.IsPlain)
        {
            Interlocked.Increment(ref _plain);
        }

        if (_gradient is not null)
        {
            ranked.Write(ranked.Slopes, coefficient, _gradient.Values<T>());
        }

        if (_hessian is not null)
        {
            HessianFloor.Apply(ranked.Curvatures[..ranked.Length], _floor);
            ranked.Write(ranked.Curvatures, curvature, _hessian.Values<T>());
        }

        return answer.Loss;
    }
}

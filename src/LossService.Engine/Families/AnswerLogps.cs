using LossService.Engine.Cards;
using LossService.Engine.Lanes;
using LossService.Engine.Numerics;

namespace LossService.Engine.Families;

/// <summary>The log-probabilities of answers: one an answer, or one a token, of which a length or a mask says which
/// count.</summary>
internal readonly struct AnswerLogps
{
    private readonly Tensor? _numbers;
    private readonly Tensor? _lengths;
    private readonly Tensor? _mask;
    private readonly int _tokens;

    public AnswerLogps(LossRequest request, int place)
    {
        LossCard card = request.Card;
        _numbers = request.Tensor(place);
        _lengths = Named(request, card.Inputs[place].CountedBy);
        _mask = Named(request, card.Inputs[place].MaskedBy);
        _tokens = _numbers is { Shape.Rank: 2 } tokens ? tokens.Shape[1] : 0;
        HasTokens = _numbers is { Shape.Rank: 2 };
    }

    /// <summary>False where the input was not given.</summary>
    public bool IsGiven => _numbers is not null;

    /// <summary>True where there is a number a token.</summary>
    public bool HasTokens { get; }

    /// <summary>How many numbers an answer has in the request: its tokens with their padding, or one.</summary>
    public int Stride => HasTokens ? _tokens : 1;

    /// <summary>The log-probability of a sample's answer: the sum over its tokens.</summary>
    public double this[int sample]
    {
        get
        {
            if (!HasTokens)
            {
                return _numbers!.ValueAt(sample);
            }

            Span<double> sums = stackalloc double[Sums.Accumulators];
            sums.Clear();
            for (int token = 0, counted = 0; token < _tokens; token++)
            {
                if (Counts(sample, token))
                {
                    sums[counted++ % Sums.Accumulators] += _numbers!.ValueAt((sample * _tokens) + token);
                }
            }

            return Sums.Fold(sums);
        }
    }

    /// <summary>How many tokens a sample's answer has: as it is said, or as many as count; 1 where nothing says
    /// it.</summary>
    public double Length(int sample)
    {
        if (_lengths is not null)
        {
            return _lengths.ValueAt(sample);
        }

        int counted = 0;
        for (int token = 0; token < _tokens; token++)
        {
            counted += Counts(sample, token) ? 1 : 0;
        }

        return Math.Max(1, counted);
    }

    /// <summary>True for a token of the answer, false for one that is padding or masked.</summary>
    public bool Counts(int sample, int token) => (_lengths is null || token < _lengths.ValueAt(sample))
        && (_mask is null || _mask.Flag[(sample * _tokens) + token] != 0);

    private static Tensor? Named(LossRequest request, string? name) =>
        name is null ? null : request.Tensor(request.Card.PlaceOfInput(name));
}

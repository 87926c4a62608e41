using System.Numerics;
using LossService.Engine.Lanes;
using LossService.Engine.Numerics;

namespace LossService.Engine.Families;

/// <summary>How a distribution is written.</summary>
internal enum DistributionForm
{
    Probabilities,
    LogProbabilities,
    Logits,
}

/// <summary>One side of a loss between distributions: which input carries it, and its rows as p and log p.</summary>
internal sealed class DistributionSide<T, V>
    where T : unmanaged, IFloatingPointIeee754<T>
    where V : struct, IVectorLane<V, T>
{
    private readonly Tensor _tensor;
    private readonly double _temperature;

    private DistributionSide(Tensor tensor, int place, DistributionForm form, double temperature)
    {
        _tensor = tensor;
        _temperature = temperature;
        Place = place;
        Form = form;
    }

    /// <summary>The place of the input on the card.</summary>
    public int Place { get; }

    /// <summary>How the input is written.</summary>
    public DistributionForm Form { get; }

    /// <summary>The side of this name that the request gives, or null where the loss has none.</summary>
    public static DistributionSide<T, V>? Find(LossRequest request, string side, double temperature)
    {
        for (int place = 0; place < request.Card.Inputs.Count; place++)
        {
            if (request.Card.Inputs[place].OneOf == side && request.Tensor(place) is { } tensor)
            {
                string name = request.Card.Inputs[place].Name;
                DistributionForm form = name.StartsWith("log_", StringComparison.Ordinal) ? DistributionForm.LogProbabilities
                    : name.EndsWith("logits", StringComparison.Ordinal) ? DistributionForm.Logits
                    : DistributionForm.Probabilities;
                return new(tensor, place, form, temperature);
            }
        }

        return null;
    }

    /// <summary>A row's scores as they were given.</summary>
    public Span<T> Scores(in RowLayout layout, int row, Span<T> room) => layout.Read(_tensor, row, room);

    /// <summary>A row's probabilities and their logarithms.</summary>
    /// <returns>The sum of the probabilities where they were given as such, else 1; NaN where logits have no
    /// softmax.</returns>
    public double Read(in RowLayout layout, int row, Span<T> room, Span<T> p, Span<T> logP)
    {
        Span<T> given = layout.Read(_tensor, row, room);
        p = p[..given.Length];
        logP = logP[..given.Length];
        switch (Form)
        {
            case DistributionForm.Probabilities:
                given.CopyTo(p);
                Rows.Log<T, V>(given, logP);
                return Rows.Sum<T, V>(given);
            case DistributionForm.LogProbabilities:
                given.CopyTo(logP);
                Rows.ExpRounded<T, V>(given, p);
                return 1;
            default:
                return Softmax(given, room, p, logP);
        }
    }

    // The likeliest class, whose exponential is 1, is left out of the sum, so that its log keeps its digits near 0.
    private double Softmax(Span<T> scores, Span<T> room, Span<T> p, Span<T> logP)
    {
        T scale = T.CreateTruncating(1 / _temperature);
        T top = RowSoftmax.Top<T, V>(ref scores, room);
        Rows.Exp<T, V>(scores, top, scale, p);
        int likeliest = Math.Max(0, Rows.IndexOf<T, V>(p, T.One));
        p[likeliest] -= T.One;
        double others = Rows.Sum<T, V>(p);
        p[likeliest] += T.One;
        double log = ScalarLane.Log1p(others).Value;
        Rows.LogSoftmax<T, V>(scores, top, scale, T.CreateTruncating(log), logP);
        Rows.Divide<T, V>(p, T.CreateTruncating(1 + others), p);
        return double.IsNaN(others) ? double.NaN : 1;
    }
}

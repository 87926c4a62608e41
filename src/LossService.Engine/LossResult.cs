using LossService.Engine.Numerics;

namespace LossService.Engine;

/// <summary>What a mean divided by.</summary>
/// <param name="Rule">One of count, sum_weights, avg_factor, batch, pairs, nonzero.</param>
/// <param name="Value">The divisor.</param>
public sealed record Normalizer(string Rule, double Value);

/// <summary>Something that happened which the caller should know.</summary>
/// <param name="Code">A short stable name.</param>
/// <param name="Detail">A sentence of our own words and numbers.</param>
public sealed record Note(string Code, string Detail)
{
    /// <summary>How often it happened.</summary>
    public int? Count { get; init; }

    /// <summary>The place on the card of the input whose numbers it is about, if any; it does not leave the
    /// service.</summary>
    public int? Place { get; init; }

    /// <summary>Numbers that belong to it, by name.</summary>
    public IReadOnlyList<(string Name, double Value)>? Values { get; init; }
}

/// <summary>A loss's answer. It owns its tensors.</summary>
public sealed class LossResult : IDisposable
{
    /// <summary>Starts an answer to this request.</summary>
    public LossResult(LossRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        Request = request;
        Gradients = new Tensor?[request.Card.InputArray.Length];
        Hessians = new Tensor?[request.Card.InputArray.Length];
        Outputs = request.Card.Outputs.Count == 0 ? [] : new Tensor?[request.Card.Outputs.Count];
    }

    /// <summary>The question.</summary>
    public LossRequest Request { get; }

    /// <summary>The reduced loss, already rounded to the dtype; null for <c>none</c>.</summary>
    public double? Loss { get; set; }

    /// <summary>The items, when asked for.</summary>
    public Tensor? Losses { get; set; }

    /// <summary>By place on the card; null where not asked for.</summary>
    public Tensor?[] Gradients { get; }

    /// <summary>By place on the card; null where not asked for.</summary>
    public Tensor?[] Hessians { get; }

    /// <summary>By place among the card's outputs; null where not asked for.</summary>
    public Tensor?[] Outputs { get; }

    /// <summary>What the mean divided by; null unless a mean was taken.</summary>
    public Normalizer? Normalizer { get; set; }

    /// <summary>What the caller should know.</summary>
    public List<Note> Notes { get; } = [];

    /// <summary>Notes how many items, or pairs of them, sit on a corner; nothing where none does.</summary>
    internal void TellTies(int ties, string what)
    {
        if (ties > 0)
        {
            Notes.Add(new("ties", $"{what} sit exactly on a corner of the loss; the member tie chose their slope.")
            {
                Count = ties,
            });
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Losses?.Dispose();
        Losses = null;
        for (int place = 0; place < Gradients.Length; place++)
        {
            Gradients[place]?.Dispose();
            Hessians[place]?.Dispose();
            Gradients[place] = null;
            Hessians[place] = null;
        }

        for (int place = 0; place < Outputs.Length; place++)
        {
            Outputs[place]?.Dispose();
            Outputs[place] = null;
        }
    }
}

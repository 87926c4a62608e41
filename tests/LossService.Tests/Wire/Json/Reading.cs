using System.Globalization;
using System.IO.Pipelines;
using System.Text;
using LossService.Engine;
using LossService.Engine.Cards;
using LossService.Engine.Numerics;
using LossService.Wire;
using LossService.Wire.Json;
using Xunit;

namespace LossService.Tests.Wire.Json;

/// <summary>One body read by the codec against a hand-made card. Disposing it fails when anything stays rented.</summary>
internal sealed class Reading : IDisposable
{
    public static readonly ReadLimits Limits = new(1 << 28, 1 << 24, 16, 1_100, 1 << 20);

    public static readonly LossCard Card = new()
    {
        Name = "test_loss",
        Family = "tests",
        Summary = "Takes every kind of input.",
        Formula = "0",
        References = [new("None", "example.org")],
        Items = "N",
        Examples = [],
        Inputs =
        [
            new("logits", "N C *D | *n", "Floats.") { Gradient = GradientRule.Default },
            new("targets", "Labels or floats.", [new("N", InputKind.Label), new("N C")]) { Gradient = GradientRule.OnRequest },
            new("labels", "Labels alone.", [new("N", InputKind.Label)]) { Optional = true },
            new("weight", "C", "Floats.") { Optional = true },
        ],
        Parameters =
        [
            Parameter.Number("alpha", 0.25, "A number or null.", nullAlias: -1),
            Parameter.Number("gamma", 2, "A number.", min: 0),
            Parameter.Integer("rounds", 1, "An integer."),
            Parameter.Flag("smooth", false, "A flag."),
            Parameter.Choice("distance", ["l2", "l1"], "A word."),
            Parameter.Choice("base", ["e", "2", "10"], "A word that may be a number."),
        ],
    };

    private readonly TensorPool _pool;

    private Reading(TensorPool pool, LossRequest request)
    {
        _pool = pool;
        Request = request;
    }

    public LossRequest Request { get; }

    /// <summary>How many bytes were rented to read it, one buffer after the other; 0 with a pool of the caller's.</summary>
    public long BytesRented { get; private init; }

    public IReadOnlyList<Mistake> Mistakes => Request.Mistakes.All;

    public Tensor this[string name] => Request.AnyTensor(Card.PlaceOfInput(name));

    public static Reading Of(string body, ReadLimits? limits = null, Action<LossRequest>? query = null) =>
        Of(Pieces.Whole(Encoding.UTF8.GetBytes(body)), limits, query);

    public static Reading Of(byte[] body, ReadLimits? limits = null) => Of(Pieces.Whole(body), limits);

    public static Reading Of(
        PipeReader body, ReadLimits? limits = null, Action<LossRequest>? query = null, TensorPool? pool = null,
        Codec? codec = null, CancellationToken cancelled = default)
    {
        long rented = 0;
        pool ??= new TensorPool(1 << 30) { PoisonsReturns = true, Lending = bytes => rented += bytes };
        var request = new LossRequest(Card);
        query?.Invoke(request);
        try
        {
            Task read = (codec ?? new JsonCodec()).ReadAsync(body, request, limits ?? Limits, pool, cancelled).AsTask();
            Assert.True(read.IsCompleted);
            read.GetAwaiter().GetResult();
        }
        catch
        {
            request.Dispose();
            Assert.Equal(0, pool.Leases);
            throw;
        }

        return new(pool, request) { BytesRented = rented };
    }

    /// <summary>The only mistake.</summary>
    public Mistake Mistake() => Assert.Single(Mistakes);

    /// <summary>All that was read, bit by bit, as text to compare.</summary>
    public string Digest()
    {
        var text = new StringBuilder();
        for (int place = 0; place < Card.Inputs.Count + Common.Tensors.Count; place++)
        {
            foreach (Tensor? tensor in new[] { Request.Tensor(place), Request.LabelTensor(place) })
            {
                if (tensor is not null)
                {
                    text.Append(CultureInfo.InvariantCulture, $"{place} {tensor.Shape} {tensor.Element} {tensor.Form} ");
                    text.Append(tensor.IsBareEmpty).Append(' ').AppendLine(Convert.ToHexString(tensor.Bytes));
                }
            }
        }

        for (int place = 0; place < Card.Parameters.Count + Common.Parameters.Count; place++)
        {
            text.Append(Request.IsGiven(place) ? Request[Card.ParameterAt(place)].ToString("R", CultureInfo.InvariantCulture) : "-");
            text.Append(' ');
        }

        text.Append(Request.Gradients).AppendLine();
        foreach (Mistake one in Mistakes)
        {
            text.AppendLine(CultureInfo.InvariantCulture,
                $"{one.Pointer} {one.Code} {one.Detail} [{string.Join(",", one.Index ?? [])}] {one.Count} {one.Limit}");
        }

        foreach (Note note in Request.Notes)
        {
            text.AppendLine(note.ToString());
        }

        return text.ToString();
    }

    public void Dispose()
    {
        Request.Dispose();
        Assert.Equal(0, _pool.Leases);
        Assert.Equal(0, _pool.BytesLeased);
    }
}

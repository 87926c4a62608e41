using TorchSharp;
using static TorchSharp.torch;

namespace LossService.Conformance.Oracles.Harness;

/// <summary>What in-batch losses share: vectors scaled to length 1, who is left in the batch, who is whose positive.</summary>
internal static class Batch
{
    /// <summary>The rows of an input, scaled to length 1 where the request or the loss's default says so.</summary>
    public static Tensor Vectors(OracleInputs given, string name, bool normalizes = true) =>
        given.Flag("normalize_embeddings", normalizes) ? Unit(given[name]) : given[name];

    /// <summary>Rows scaled to length 1; a row of zeros stays, without slope.</summary>
    public static Tensor Unit(Tensor rows)
    {
        Tensor squares = rows.square().sum(1, keepdim: true);
        Tensor none = squares.detach() == 0;
        return where(none, zeros_like(rows), rows / where(none, ones_like(squares), squares).sqrt());
    }

    /// <summary>(row of a, row of b): the distance named <c>distance</c>, or lp where there is but its power.</summary>
    public static Tensor Distances(OracleInputs given, Tensor a, Tensor b, string @default)
    {
        Tensor gap = a.unsqueeze(1) - b.unsqueeze(0);
        Tensor unit = Unit(a);
        return given.Word("distance", given.Sets("p") ? "lp" : @default) switch
        {
            "squared_l2" => gap.square().sum(2),
            "l1" => gap.abs().sum(2),
            "lp" => linalg.vector_norm(gap, given.Number("p", 2), [2]),
            "cosine" => 1 - Products(unit, ReferenceEquals(a, b) ? unit : Unit(b)),
            "dot" => -Products(a, b),
            _ => linalg.vector_norm(gap, 2.0, [2]),
        };
    }

    /// <summary>(row of a, row of b): their product, or minus the distance that the request names.</summary>
    /// <remarks>The last bits of torch's own product hang on where its memory lies: the truth does without.</remarks>
    public static Tensor Similarities(OracleInputs given, Tensor a, Tensor b) =>
        given.IsPeer && IsOfProducts(given) ? a.matmul(b.t()) : -Distances(given, a, b, "dot");

    /// <summary>True where a loss of similarities takes products.</summary>
    public static bool IsOfProducts(OracleInputs given) =>
        given.Word("distance", given.Sets("p") ? "lp" : "dot") == "dot";

    /// <summary>(row of a, row of b): their product.</summary>
    public static Tensor Products(Tensor a, Tensor b) => (a.unsqueeze(1) * b.unsqueeze(0)).sum(2);

    /// <summary>True for the samples that no mask hides.</summary>
    public static Tensor Kept(OracleInputs given, Tensor rows) =>
        given.Mask ?? ones(rows.shape[0], dtype: ScalarType.Bool);

    /// <summary>(anchor, candidate): who is positive and who is negative to the anchor, by labels or by listed pairs;
    /// nobody who is hidden, and nobody to itself.</summary>
    public static (Tensor Positives, Tensor Negatives) Related(OracleInputs given, Tensor kept)
    {
        Tensor others = Others(kept);
        if (!given.Has("labels"))
        {
            return (Listed("positive_pairs"), Listed("negative_pairs"));
        }

        Tensor labels = given.Labels("labels");
        Tensor alike = labels.unsqueeze(1) == labels.unsqueeze(0);
        return (alike.logical_and(others), alike.logical_not().logical_and(others));

        Tensor Listed(string name)
        {
            Tensor listed = zeros_like(others);
            foreach (long[] pair in given.Integers(name)!.Chunk(2))
            {
                listed[pair[0], pair[1]] = true;
            }

            return listed.logical_and(others);
        }
    }

    /// <summary>(anchor, positive, negative): how often the triplet is listed, where nobody in it is hidden.</summary>
    public static Tensor ListedTriplets(OracleInputs given, Tensor kept)
    {
        long count = kept.shape[0];
        Tensor listed = zeros([count, count, count], ScalarType.Float64);
        foreach (long[] triplet in given.Integers("triplets")!.Chunk(3))
        {
            listed[triplet[0], triplet[1], triplet[2]] += 1;
        }

        return listed * Pairs(kept).unsqueeze(2) * kept;
    }

    /// <summary>(anchor, candidate): true for another sample, neither of them hidden.</summary>
    public static Tensor Others(Tensor kept) =>
        Pairs(kept).logical_and(eye(kept.shape[0], dtype: ScalarType.Bool).logical_not());

    /// <summary>(anchor, candidate): true where neither is hidden.</summary>
    public static Tensor Pairs(Tensor kept) => kept.unsqueeze(1).logical_and(kept.unsqueeze(0));

    /// <summary>-log softmax over each row's candidates, one a pair; 0 for who is none.</summary>
    /// <remarks>log Σ e^(s_k - s_p) seen from p: the pair itself adds exactly 1, so nothing cancels where it is
    /// likely.</remarks>
    public static Tensor Surprisal(Tensor scores, Tensor candidates, Tensor pairs)
    {
        long count = scores.shape[0];
        if (count == 0)
        {
            return scores; // torch takes no maximum over nothing
        }

        Tensor self = eye(count, dtype: ScalarType.Bool).unsqueeze(0);
        Tensor counts = candidates.unsqueeze(1).logical_and(self.logical_not()).logical_and(pairs.unsqueeze(2));
        Tensor lead = where(counts, scores.unsqueeze(1) - scores.unsqueeze(2), full([1], double.NegativeInfinity, dtype: scores.dtype));
        Tensor most = cat([lead.detach(), zeros_like(lead.narrow(2, 0, 1))], 2).amax([2], keepdim: true);
        Tensor rest = where(counts, (lead - most).exp(), zeros_like(lead)).sum(2);
        Tensor top = most.squeeze(2);

        // Either the pair is the likeliest of all, or its own share is one of the others'.
        return where(top == 0, rest.log1p(), top + (rest + (-top).exp()).log());
    }
}

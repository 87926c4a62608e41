using TorchSharp;
using static TorchSharp.torch;

namespace LossService.Conformance.Oracles.Harness;

/// <summary>A probability distribution a row, given as probabilities, as their logarithms or as logits.</summary>
/// <param name="Input">The numbers as given.</param>
/// <param name="Probability">p; not normalised when given as p or log p.</param>
/// <param name="Surprisal">-log p.</param>
/// <param name="IsProbability">True when p itself was given.</param>
internal sealed record Distribution(Tensor Input, Tensor Probability, Tensor Surprisal, bool IsProbability)
{
    /// <summary>The name says how it is given: <c>log_</c> in front, <c>logits</c> at the end, or neither.</summary>
    public static Distribution Read(OracleInputs given, string name)
    {
        Tensor input = given[name];
        if (name.EndsWith("logits", StringComparison.Ordinal))
        {
            Tensor surprisal = Ops.Surprisal(input);
            return new(input, (-surprisal).exp(), surprisal, IsProbability: false);
        }

        return name.StartsWith("log_", StringComparison.Ordinal)
            ? new(input, input.exp(), -input, IsProbability: false)
            : new(input, input, -input.log(), IsProbability: true);
    }

    /// <summary>-p log p, with 0 log 0 = 0. The slope at p = 0 is the limit, infinite in p itself.</summary>
    public Tensor EntropyTerms => IsProbability ? special.entr(Input) : CrossEntropyTerms(this);

    /// <summary>Σ -p log p, one a row.</summary>
    public Tensor Entropy => EntropyTerms.sum(Ops.ClassAxis(Input));

    /// <summary>-p log q, with 0 log 0 = 0.</summary>
    public Tensor CrossEntropyTerms(Distribution q)
    {
        // Where p is 0 the term is 0 for every q, so q's gradient is 0 too; autograd would find 0 · ∞ at q = 0.
        Tensor vanishes = (Probability.detach() == 0).logical_and(q.Surprisal.detach().isinf());
        if (!q.IsProbability)
        {
            return Ops.Times(Probability, q.Surprisal);
        }

        Tensor one = ones_like(q.Input);
        return -Probability * where(vanishes, one, q.Input).log();
    }

    /// <summary>β p log(p/m) + (1 - β) q log(q/m), with m = β p + (1 - β) q: from the smaller of both on, so that nothing
    /// cancels and no ratio overflows.</summary>
    public Tensor TermsFromMixture(Distribution q, double beta, bool areNormalized = false)
    {
        Tensor mine = where(Probability.detach() == 0, zeros_like(Probability), Probability);
        Tensor other = where(q.Probability.detach() == 0, zeros_like(q.Probability), q.Probability);
        Tensor isOtherSmaller = (other <= mine).detach();
        Tensor one = ones_like(mine);
        Tensor neither = (other.detach() == 0).logical_and(mine.detach() == 0);
        Tensor large = where(isOtherSmaller, mine, other);
        Tensor ratio = where(isOtherSmaller, other, mine) / where(neither, one, large);
        Tensor share = where(isOtherSmaller, full_like(mine, 1 - beta), full_like(mine, beta));
        Tensor overLarge = (share * (ratio - 1)).log1p();
        Tensor isNone = ratio.detach() == 0;
        Tensor overSmall = overLarge - where(isNone, one, ratio).log();
        Tensor smallTerm = where(isNone, zeros_like(ratio), -(ratio * overSmall));
        Tensor weights = where(isOtherSmaller, full_like(mine, beta), full_like(mine, 1 - beta));
        Tensor terms = large * ((weights * -overLarge) + ((1 - weights) * smallTerm));
        if (!areNormalized)
        {
            return terms;
        }

        // Where both sum to 1, log β and log(1 - β) owe nothing to any slope, but would drown what does.
        Tensor ownLarge = ((1 - weights) / weights * ratio).log1p();
        Tensor ownSmall = ownLarge + (weights / (1 - weights)).log() - where(isNone, one, ratio).log();
        Tensor sloping = large * ((weights * -ownLarge)
            + where(isNone, zeros_like(ratio), (1 - weights) * -(ratio * ownSmall)));
        return terms.detach() + sloping - sloping.detach();
    }

    /// <summary>Σ -p log q, one a row.</summary>
    public Tensor CrossEntropy(Distribution q) => CrossEntropyTerms(q).sum(Ops.ClassAxis(Input));
}

namespace LossService.Wire.Numbers;

/// <summary>A natural number of at most <see cref="Words"/> words on the caller's stack, with the few operations
/// that an exact comparison of a literal needs.</summary>
internal ref struct BigNatural(Span<ulong> words)
{
    /// <summary>1,100 digits are 3,655 bits; a middle value is brought to that size, plus a word.</summary>
    public const int Words = 64;

    // The greatest power of five that fits a word.
    private const int FivePower = 27;
    private const ulong Five27 = 7_450_580_596_923_828_125;

    private readonly Span<ulong> _words = words;
    private int _length;

    /// <summary>this = this × factor + addend.</summary>
    public void MultiplyAdd(ulong factor, ulong addend)
    {
        ulong carry = addend;
        for (int i = 0; i < _length; i++)
        {
            ulong high = Math.BigMul(_words[i], factor, out ulong low);
            low += carry;
            _words[i] = low;
            carry = high + (low < carry ? 1UL : 0);
        }
        if (carry != 0)
        {
            _words[_length++] = carry;
        }
    }

    /// <summary>this = this × 5^power.</summary>
    public void MultiplyPowerOfFive(int power)
    {
        for (; power >= FivePower; power -= FivePower)
        {
            MultiplyAdd(Five27, 0);
        }
        ulong factor = 1;
        for (; power > 0; power--)
        {
            factor *= 5;
        }
        MultiplyAdd(factor, 0);
    }

    /// <summary>this = this × 2^count.</summary>
    public void ShiftLeft(int count)
    {
        (int words, int bits) = Math.DivRem(count, 64);
        if (bits != 0)
        {
            MultiplyAdd(1UL << bits, 0);
        }
        if (words != 0 && _length != 0)
        {
            _words[.._length].CopyTo(_words[words..]);
            _words[..words].Clear();
            _length += words;
        }
    }

    /// <summary>The sign of (left − right).</summary>
    public static int Compare(scoped in BigNatural left, scoped in BigNatural right)
    {
        if (left._length != right._length)
        {
            return left._length.CompareTo(right._length);
        }
        for (int i = left._length - 1; i >= 0; i--)
        {
            if (left._words[i] != right._words[i])
            {
                return left._words[i].CompareTo(right._words[i]);
            }
        }
        return 0;
    }
}

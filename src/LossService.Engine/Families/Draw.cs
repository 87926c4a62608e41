namespace LossService.Engine.Families;

/// <summary>Random numbers without a state: each is a function of the seed and of what it is drawn for, so that neither
/// threads nor the order of draws change one.</summary>
/// <remarks>The finaliser of SplitMix64 (Steele, Lea and Flood, Fast Splittable Pseudorandom Number Generators, 2014)
/// over the seed and two counters.</remarks>
internal static class Draw
{
    internal const ulong Step = 0x9E3779B97F4A7C15; // 2^64 over the golden ratio

    /// <summary>A number from 0 to below 1, a multiple of 2^-53.</summary>
    public static double Uniform(ulong seed, int first, int second)
    {
        ulong state = Mix(seed + (Step * ((ulong)first + 1)));
        state = Mix(state + (Step * ((ulong)second + 1)));
        return (state >> 11) * (1.0 / (1L << 53));
    }

    /// <summary>Scatters the bits of a state.</summary>
    internal static ulong Mix(ulong state)
    {
        state = (state ^ (state >> 30)) * 0xBF58476D1CE4E5B9;
        state = (state ^ (state >> 27)) * 0x94D049BB133111EB;
        return state ^ (state >> 31);
    }
}

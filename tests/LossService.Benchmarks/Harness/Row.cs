namespace LossService.Benchmarks.Harness;

/// <summary>One measured comparison.</summary>
/// <param name="Work">What was done.</param>
/// <param name="Peer">Who did it besides us.</param>
/// <param name="Threads">On how many threads, both.</param>
/// <param name="Ours">The median of our cost, in the unit of its table.</param>
/// <param name="Theirs">The median of the peer's.</param>
/// <param name="Ratio">Theirs over ours, paired by round.</param>
/// <param name="Target">What the ratio should at least be, where performance.md says so.</param>
internal sealed record Row(
    string Work, string Peer, int Threads, double Ours, double Theirs, Spread Ratio, double? Target = null)
{
    /// <summary>Numbers that tell what we computed.</summary>
    public double[] OursSaid { get; init; } = [];

    /// <summary>The same numbers from the peer.</summary>
    public double[] PeerSaid { get; init; } = [];
}

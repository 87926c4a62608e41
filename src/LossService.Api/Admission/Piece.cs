namespace LossService.Api.Admission;

/// <summary>What a request has to do until it waits for its client again, or one thread's share of a
/// computation.</summary>
/// <param name="Turn">Whose it is.</param>
/// <param name="Callback">The work.</param>
/// <param name="State">Its argument.</param>
internal readonly record struct Piece(Turn Turn, SendOrPostCallback Callback, object? State)
{
    private readonly long _since = Math.Max(ComputeThreads.Now, Turn.AgesFrom);

    /// <summary>The less, the sooner it runs: what its request still needs, and what its caller's others need before
    /// it, less what it has waited.</summary>
    public long Rank(long now) => Turn.Remaining - (now - _since);
}

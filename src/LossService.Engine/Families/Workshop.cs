using LossService.Engine.Numerics;

namespace LossService.Engine.Families;

/// <summary>What a computation may use: buffers, threads, and a sign that nobody waits for it any more.</summary>
/// <param name="Pool">Where tensors and scratch are rented.</param>
/// <param name="Threads">How many threads one request may use, this one included.</param>
/// <param name="Cancelled">Polled before every block.</param>
public sealed record Workshop(TensorPool Pool, int Threads = 1, CancellationToken Cancelled = default);

namespace LossService.Engine.Numerics;

/// <summary>Bytes that count as lent by a <see cref="TensorPool"/> while others hold them for a caller; disposed once.
/// The default counts nothing.</summary>
public readonly struct Holding : IDisposable
{
    private readonly TensorPool? _pool;
    private readonly int _size;

    internal Holding(TensorPool pool, int size) => (_pool, _size) = (pool, size);

    /// <summary>How many bytes count.</summary>
    public int Bytes => _pool is null ? 0 : 1 << _size;

    /// <summary>They do not count any more.</summary>
    public void Dispose() => _pool?.Release(_size);
}

namespace LossService.Engine.Numerics;

/// <summary>The blocks of a pool that nobody holds, last in first out, so that the warmest is lent first.
/// Thread-safe.</summary>
public sealed class IdleBlocks<T>
    where T : class
{
    private readonly Lock _lock = new();
    private readonly Stack<T> _idle = new();
    private int _low; // the fewest there were since the last look

    /// <summary>How many there are.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _idle.Count;
            }
        }
    }

    /// <summary>Takes one, if there is one.</summary>
    public T? Take()
    {
        lock (_lock)
        {
            if (!_idle.TryPop(out T? block))
            {
                return null;
            }

            _low = Math.Min(_low, _idle.Count);
            return block;
        }
    }

    /// <summary>Puts one back.</summary>
    public void Put(T block)
    {
        lock (_lock)
        {
            _idle.Push(block);
        }
    }

    /// <summary>Lets go of those that nobody needed since the last call: as many as stayed through all of it.</summary>
    /// <returns>How many these were.</returns>
    public int Age()
    {
        lock (_lock)
        {
            int unneeded = _low;
            for (int block = 0; block < unneeded; block++)
            {
                _idle.Pop();
            }

            _low = _idle.Count;
            return unneeded;
        }
    }

    /// <summary>Lets go of all.</summary>
    public void Clear()
    {
        lock (_lock)
        {
            _idle.Clear();
            _low = 0;
        }
    }
}

namespace LossService.Api.Connections;

/// <summary>A client that ends what it sends (FIN) has left, or has only said all it had to say: until something is
/// sent to it both look the same. It counts as having left at once while a large request of its connection is worked
/// on, which is not worth going on with for nobody, and after a while in any case; small requests are answered
/// before.</summary>
/// <remarks>Thread-safe. Writes find out by themselves who is gone.</remarks>
internal sealed class HalfClose : IDisposable
{
    /// <summary>How long small requests may take from the end on.</summary>
    public static readonly TimeSpan Grace = TimeSpan.FromMilliseconds(100);

    private readonly CancellationToken _ended;
    private readonly CancellationTokenSource _left = new();
    private readonly CancellationTokenRegistration _registration;
    private int _large;
    private volatile bool _isTold;

    /// <summary>Begins with no large request.</summary>
    /// <param name="ended">Says that the client ended what it sends, or the connection.</param>
    public HalfClose(CancellationToken ended)
    {
        _ended = ended;
        _registration = ended.UnsafeRegister(static one => ((HalfClose)one!).Judge(), this);
    }

    /// <summary>Says that the client counts as having left.</summary>
    public CancellationToken Left => _left.Token;

    /// <summary>True once the server was told that nothing more comes: what it lacks then, nobody will send, and the
    /// server ends the connection whose request is cut off.</summary>
    public bool IsTold => _isTold;

    /// <summary>Says that the server is told now.</summary>
    public void Tell() => _isTold = true;

    /// <summary>Says that a large request begins.</summary>
    /// <returns>What is disposed when it is over.</returns>
    public LargeRequest Begin()
    {
        Interlocked.Increment(ref _large);
        Judge();
        return new(this);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _registration.Dispose();
        _left.Dispose();
    }

    // Each of both that may come last asks for the other.
    private void Judge()
    {
        if (!_ended.IsCancellationRequested)
        {
            return;
        }

        if (Volatile.Read(ref _large) > 0)
        {
            _left.Cancel();
        }
        else
        {
            _left.CancelAfter(Grace);
        }
    }

    /// <summary>A large request, until it is disposed; the default is one of a connection without any of
    /// this.</summary>
    internal readonly struct LargeRequest(HalfClose? connection) : IDisposable
    {
        /// <inheritdoc/>
        public void Dispose()
        {
            if (connection is not null)
            {
                Interlocked.Decrement(ref connection._large);
            }
        }
    }
}

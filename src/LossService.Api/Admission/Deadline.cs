using System.Globalization;
using System.Numerics;
using LossService.Engine;
using LossService.Wire;

namespace LossService.Api.Admission;

/// <summary>The end of a caller's patience, in the header <c>X-Timeout-Ms</c>: the milliseconds that are left when the
/// request arrives. What still runs then is cancelled as if he had left, and he is told so (504).</summary>
internal sealed class Deadline : IDisposable
{
    /// <summary>The header.</summary>
    public const string Header = "X-Timeout-Ms";

    private const int DigitsMax = 100;

    private readonly HttpContext _http;
    private readonly CancellationToken _aborted;
    private readonly CancellationTokenSource _source;
    private readonly long _end;

    private Deadline(HttpContext http, TimeSpan left)
    {
        _http = http;
        _aborted = http.RequestAborted;
        _source = CancellationTokenSource.CreateLinkedTokenSource(_aborted);
        _source.CancelAfter(left);
        _end = ComputeThreads.Now + (long)left.TotalNanoseconds;
        http.RequestAborted = _source.Token;
        http.Features.Set(this);
    }

    /// <summary>How much of the time is left.</summary>
    public TimeSpan Left => TimeSpan.FromTicks((_end - ComputeThreads.Now) / TimeSpan.NanosecondsPerTick);

    /// <summary>True when the time was up while the caller was still there.</summary>
    public bool HasPassed => _source.IsCancellationRequested && !_aborted.IsCancellationRequested;

    /// <summary>Reads the header: null where there is none, never more than the limit.</summary>
    /// <returns>False when it says something else than a time.</returns>
    public static bool TryRead(HttpRequest request, int millisecondsMax, out TimeSpan? left, out Problem? problem)
    {
        left = null;
        problem = null;
        if (request.Headers[Header] is not { Count: > 0 } texts)
        {
            return true;
        }

        if (texts.Count == 1 && texts[0]!.Length <= DigitsMax && BigInteger.TryParse(
            texts[0], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out BigInteger milliseconds))
        {
            left = TimeSpan.FromMilliseconds((int)BigInteger.Clamp(milliseconds, 0, millisecondsMax));
            return true;
        }

        const string Expected = "a whole number of milliseconds";
        problem = Problem.From(
            new Mistake(Header, Codes.ParameterOutOfRange, $"expected {Expected}") { Expected = Expected });
        return false;
    }

    /// <summary>Lets everything that heeds the request's end heed this one too.</summary>
    public static Deadline? Start(HttpContext http, TimeSpan? left) =>
        left is { } time ? new(http, time) : null;

    /// <inheritdoc/>
    public void Dispose()
    {
        _http.RequestAborted = _aborted;
        _source.Dispose();
    }
}

/// <summary>The caller's time was up before his answer was whole.</summary>
internal sealed class DeadlinePassedException() : Exception("The caller's time is up.");

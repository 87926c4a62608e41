using System.Diagnostics.Metrics;

namespace LossService.Api.Admission;

/// <summary>What admission does, for whoever listens: how many requests wait for their turn, how long they waited, and
/// how many were refused. Nothing of a request or its caller is among it.</summary>
/// <remarks>Names as OpenTelemetry has them. Whoever is answered where it arrives costs nothing here.</remarks>
internal sealed class AdmissionMetrics
{
    /// <summary>The meter's name.</summary>
    public const string MeterName = "LossService.Admission";

    /// <summary>The seconds between arrival and turn: a histogram.</summary>
    public const string QueueTime = "loss_service.request.time_in_queue";

    /// <summary>The requests that wait for their turn now.</summary>
    public const string Queued = "loss_service.queued_requests";

    /// <summary>The requests that were told to come again, or too late, by the code of their problem.</summary>
    public const string Refused = "loss_service.refused_requests";

    // A request may wait 50 ms, or as long as it takes itself.
    private static readonly double[] Boundaries = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5];

    private readonly Histogram<double> _queueTime;
    private readonly Counter<long> _refused;
    private int _queued;

    public AdmissionMetrics(IMeterFactory meters)
    {
        Meter meter = meters.Create(MeterName);
        _queueTime = meter.CreateHistogram(
            QueueTime, "s", "The time between a request's arrival and its turn on a compute thread.", tags: null,
            new InstrumentAdvice<double> { HistogramBucketBoundaries = Boundaries });
        _refused = meter.CreateCounter<long>(
            Refused, "{request}", "The requests that were refused for want of time or memory.");
        meter.CreateObservableUpDownCounter(
            Queued, () => Volatile.Read(ref _queued), "{request}", "The requests that wait for their turn.");
    }

    /// <summary>Counts a request that begins to wait for its turn.</summary>
    public void Wait() => Interlocked.Increment(ref _queued);

    /// <summary>Counts that its turn has come.</summary>
    public void Begin(long waitedNanoseconds)
    {
        Interlocked.Decrement(ref _queued);
        _queueTime.Record(waitedNanoseconds / 1e9);
    }

    /// <summary>Counts a refusal.</summary>
    public void Refuse(string code) => _refused.Add(1, new KeyValuePair<string, object?>("error.type", code));
}

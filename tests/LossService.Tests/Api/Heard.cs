using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;

namespace LossService.Tests.Api;

/// <summary>All that a meter of one service says.</summary>
internal sealed class Heard : IDisposable
{
    private readonly ConcurrentQueue<(string Name, double Value, string Tags)> _all = new();
    private readonly MeterListener _listener = new();

    public Heard(IServiceProvider services, string meter)
    {
        object scope = services.GetRequiredService<IMeterFactory>();
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Meter.Name == meter && instrument.Meter.Scope == scope)
            {
                listener.EnableMeasurementEvents(instrument);
            }
        };
        _listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Take(instrument, value, tags));
        _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Take(instrument, value, tags));
        _listener.SetMeasurementEventCallback<int>((instrument, value, tags, _) => Take(instrument, value, tags));
        _listener.Start();
    }

    public IReadOnlyList<(double Value, string Tags)> Measured(string name) =>
        [.. _all.Where(one => one.Name == name).Select(one => (one.Value, one.Tags))];

    public double Now(string name)
    {
        _listener.RecordObservableInstruments();
        return Measured(name)[^1].Value;
    }

    public void Dispose() => _listener.Dispose();

    private void Take(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        string text = "";
        foreach ((string key, object? tag) in tags)
        {
            text += $"{key}={tag}";
        }

        _all.Enqueue((instrument.Name, value, text));
    }
}

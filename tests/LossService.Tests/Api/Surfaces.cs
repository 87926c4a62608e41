using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Text.Json.Nodes;

namespace LossService.Tests.Api;

/// <summary>All that leaves the service beside its answers, and what is in it that should not be: every instrument's tags,
/// every activity, every line of the log, every problem.</summary>
internal sealed class Surfaces : IDisposable
{
    private readonly ConcurrentBag<string> _metrics = [];
    private readonly ConcurrentBag<string> _traces = [];
    private readonly MeterListener _meters = new();
    private readonly ActivityListener _activities;
    private readonly Service _service;

    public Surfaces(Service service)
    {
        _service = service;
        _meters.InstrumentPublished = (instrument, listener) => listener.EnableMeasurementEvents(instrument);
        _meters.SetMeasurementEventCallback<long>((instrument, _, tags, _) => Take(instrument, tags));
        _meters.SetMeasurementEventCallback<int>((instrument, _, tags, _) => Take(instrument, tags));
        _meters.SetMeasurementEventCallback<double>((instrument, _, tags, _) => Take(instrument, tags));
        _meters.Start();
        _activities = new()
        {
            ShouldListenTo = _ => true,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = activity => _traces.Add(string.Join(
                ' ', activity.TagObjects.Concat(activity.Events.SelectMany(one => one.Tags)).Select(tag => $"{tag.Key}={tag.Value}")
                    .Append(activity.DisplayName).Append(activity.StatusDescription))),
        };
        ActivitySource.AddActivityListener(_activities);
    }

    /// <summary>How much was collected: a surface without anything would prove nothing.</summary>
    public IReadOnlyDictionary<string, int> Sizes => new Dictionary<string, int>
    {
        ["log"] = _service.Log.All.Count,
        ["metric"] = _metrics.Count,
        ["trace"] = _traces.Count,
    };

    /// <summary>True once an instrument of this name has measured something.</summary>
    public bool HasHeard(string instrument) =>
        _metrics.Any(text => text == instrument || text.StartsWith(instrument + " ", StringComparison.Ordinal));

    /// <summary>Asks the instruments that measure only when they are asked.</summary>
    public void Ask() => _meters.RecordObservableInstruments();

    /// <summary>Where any of these texts was seen, and in what.</summary>
    public IReadOnlyList<string> Finds(IReadOnlyList<string> canaries, IEnumerable<string> problems) =>
    [
        .. Among("log", _service.Log.All, canaries), .. Among("metric", _metrics, canaries),
        .. Among("trace", _traces, canaries), .. Among("problem", problems.Select(WithoutPointers), canaries),
    ];

    public void Dispose()
    {
        _meters.Dispose();
        _activities.Dispose();
    }

    private static IEnumerable<string> Among(string surface, IEnumerable<string> texts, IReadOnlyList<string> canaries) =>
        texts.Where(text => canaries.Any(canary => text.Contains(canary, StringComparison.OrdinalIgnoreCase)))
            .Select(text => $"{surface}: {text}");

    private void Take(Instrument instrument, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        string text = instrument.Name;
        foreach ((string key, object? value) in tags)
        {
            text += $" {key}={value}";
        }

        _metrics.Add(text);
    }

    // A pointer leads to a member by its name, in its own place and before the detail; it says nothing else.
    private static string WithoutPointers(string problem)
    {
        JsonNode node = JsonNode.Parse(problem)!;
        foreach (JsonNode? error in node["errors"]?.AsArray() ?? [])
        {
            string pointer = (string?)error!["pointer"] ?? "";
            error["pointer"] = "";
            string place = $"{pointer.TrimStart('/')}: ";
            string detail = (string)node["detail"]!;
            if (place.Length > 2 && detail.StartsWith(place, StringComparison.Ordinal))
            {
                node["detail"] = detail[place.Length..];
            }
        }

        return node.ToJsonString();
    }
}

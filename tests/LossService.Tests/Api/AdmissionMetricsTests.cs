using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using LossService.Api.Admission;
using LossService.Engine;
using LossService.Engine.Numerics;
using LossService.Tests.Faults;
using LossService.Wire.Safetensors;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace LossService.Tests.Api;

/// <summary>What admission tells whoever listens to it: who waits, how long, and who was refused.</summary>
public sealed class AdmissionMetricsTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private static readonly Call Large = Bodies.Safetensors(300, 300);

    [Fact]
    public async Task QueueTime_OfARequestThatWaits_IsRecordedAndThatOfASmallOneIsNot()
    {
        using var instance = new Instance(Catalogue.All);
        using var heard = new Heard(instance);
        Assert.Equal(200, (await instance.SendAsync(Bodies.Nested(3, 4))).Status);
        Assert.Empty(heard.Measured(AdmissionMetrics.QueueTime));
        Assert.Equal(200, (await instance.SendAsync(Large)).Status);
        (double seconds, string tags) = Assert.Single(heard.Measured(AdmissionMetrics.QueueTime));
        Assert.InRange(seconds, 0, Patience.TotalSeconds);
        Assert.Equal("", tags);
    }

    [Fact]
    public async Task QueuedRequests_WhileThreadsAreTaken_AreThoseWhoWait()
    {
        using var instance = new Instance(Catalogue.All, ("ComputeThreadsMax", "1"));
        using var heard = new Heard(instance);
        ComputeThreads threads = instance.Services.GetRequiredService<ComputeThreads>();
        using var open = new ManualResetEventSlim();
        using Turn turn = threads.Open(new SafetensorsCodec(), 1, null);
        turn.Post(_ => open.Wait(Patience), null);

        Task<Reply>[] waiting = [.. Enumerable.Range(0, 3).Select(_ => Task.Run(() => instance.SendAsync(Large)))];
        Assert.True(SpinWait.SpinUntil(() => heard.Now(AdmissionMetrics.Queued) == 3, Patience));
        open.Set();
        Assert.All(await Task.WhenAll(waiting), reply => Assert.Equal(200, reply.Status));
        Assert.Equal(0, heard.Now(AdmissionMetrics.Queued));
        Assert.Equal(3, heard.Measured(AdmissionMetrics.QueueTime).Count);
    }

    [Fact]
    public async Task RefusedRequests_OfEachKind_AreCountedByTheirCode()
    {
        using var instance = new Instance(Catalogue.All, ("QueueMillisecondsMax", "1"), ("ComputeThreadsMax", "1"));
        using var heard = new Heard(instance);
        ComputeThreads threads = instance.Services.GetRequiredService<ComputeThreads>();
        Assert.Equal(504, (await instance.SendAsync(Large with { TimeLeft = 0 })).Status);
        Assert.Equal(["error.type=timeout"], heard.Refusals());

        instance.BeforeRent = _ => throw new PoolExhaustedException(1);
        Assert.Equal(429, (await instance.SendAsync(Bodies.Nested(3, 4))).Status);
        instance.BeforeRent = null;
        Assert.Equal(["error.type=overloaded", "error.type=timeout"], heard.Refusals());

        using var open = new ManualResetEventSlim();
        // Twenty as long as the request: it would wait twenty times as long as it may.
        long price = Price.OfBody(Catalogue.Find(Large.Loss)!.Card, new SafetensorsCodec(), Large.Body.Length);
        Turn[] turns = [.. Enumerable.Range(0, 20).Select(_ => threads.Open(new SafetensorsCodec(), price, null))];
        Array.ForEach(turns, turn => turn.Post(_ => open.Wait(Patience), null));
        Reply refused = await instance.SendAsync(Large);
        open.Set();
        Assert.Equal(429, refused.Status);
        Assert.True(SpinWait.SpinUntil(() => !turns.Any(turn => turn.IsRunnable), Patience));
        Assert.Equal(["error.type=overloaded", "error.type=overloaded", "error.type=timeout"], heard.Refusals());

        Assert.Equal(422, (await instance.SendAsync(Call.Of("mse_loss", """{"predictions":[1],"targets":[1,2]}"""))).Status);
        Assert.Equal(3, heard.Refusals().Count); // a caller's mistake is no refusal
    }

    /// <summary>All that one instance's meter says.</summary>
    private sealed class Heard : IDisposable
    {
        private readonly ConcurrentQueue<(string Name, double Value, string Tags)> _all = new();
        private readonly MeterListener _listener = new();

        public Heard(Instance instance)
        {
            object scope = instance.Services.GetRequiredService<IMeterFactory>();
            _listener.InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.Meter.Name == AdmissionMetrics.MeterName && instrument.Meter.Scope == scope)
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

        public IReadOnlyList<string> Refusals() =>
            [.. Measured(AdmissionMetrics.Refused).Select(one => one.Tags).Order(StringComparer.Ordinal)];

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
}

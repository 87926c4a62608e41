using System.Diagnostics;
using System.Globalization;
using LossService.Benchmarks.Harness;
using LossService.Benchmarks.Server;
using LossService.Engine;
using LossService.Engine.Families;
using LossService.Tests.Faults;

namespace LossService.Benchmarks.Hold;

/// <summary>How long a request goes on after its client has left; and how long one does that never looks, as a
/// control.</summary>
internal static class LeaveBenchmarks
{
    private const string LongLoss = "ranknet_loss";
    private const int Lists = 4;
    private const int ListLength = 4096; // a quarter of a second, nearly all of it in the kernel
    private const int Departures = 4000;
    private const int LongDepartures = 100;
    private const int ToyDepartures = 10;
    private const int WarmTimes = 40;
    private const double MillisecondsMax = 50;

    /// <summary>Lets clients leave at random moments, in process and on sockets.</summary>
    /// <returns>The section, and whether nothing stayed out and no error was logged; and, but at toy size, whether 99 of 100
    /// were over soon enough, those of the control not.</returns>
    public static (string Section, bool IsClean) Run(bool toy)
    {
        var random = new Random(1);
        int rows = toy ? 200 : 4000;
        var failures = new List<string>();
        List<string[]> lines = [["client", "whole", "left", "p50", "p99", "most", "leases left", "errors logged"]];
        int list = toy ? 64 : ListLength;
        Loss ranks = Catalogue.Find(LongLoss)!;
        Add("in process", InProcess(Catalogue.All, Bodies.Safetensors(rows, 250), random, toy ? ToyDepartures : Departures));
        Add("on a socket", OnSockets(Payload.RawRequest(Payload.Safetensors(rows, 250)), random, toy ? ToyDepartures : Departures));
        Add($"in process, {LongLoss}", InProcess([ranks], Ranks(list), random, toy ? ToyDepartures : LongDepartures));
        Add("the same, deaf", InProcess([new Deaf(ranks)], Ranks(list), random, toy ? ToyDepartures : LongDepartures), isControl: true);
        string section = $"""
            cross_entropy ({rows},250) from safetensors. Clients left at a random moment of it, while something of their request was held;
            those on sockets by turns with a reset and in order. Milliseconds of a request whose client stays, and from a client's going
            until the request was over and everything given back. {LongLoss} is of {Lists} lists of {list}, as JSON; "deaf" is the control:
            the same without a look whether somebody still waits (`Workshop.Poll`).

            {Table.Of(lines)}
            {string.Join('\n', failures)}
            """;
        return (section, failures.Count == 0);

        void Add(string client, Found found, bool isControl = false)
        {
            lines.Add(
            [
                client, Table.Number(found.Whole), $"{found.After.Length}", Table.Number(found.At(0.5)), Table.Number(found.At(0.99)),
                Table.Number(found.At(1)), $"{found.Leases}", $"{found.Errors}",
            ]);
            if (found.Leases + found.Errors > 0)
            {
                failures.Add($"{client}: {found.Leases} leases stayed out, {found.Errors} errors were logged.");
            }

            // A busy machine says nothing at toy size.
            bool isSoon = found.At(0.99) <= MillisecondsMax;
            if (!toy && isSoon == isControl)
            {
                failures.Add(isControl ? "The control does not show." : $"{client}: p99 is more than {MillisecondsMax} ms.");
            }
        }
    }

    private static Found InProcess(IReadOnlyList<Loss> losses, Call call, Random random, int departures)
    {
        using var instance = new Instance(losses, ("ThreadsMax", "2"));
        TimeSpan forever = TimeSpan.FromMinutes(1);
        double whole = Enumerable.Range(0, WarmTimes).Min(_ => Time(instance, call, forever).Whole);
        double[] after = [.. Enumerable.Range(0, departures)
            .Select(_ => Time(instance, call, TimeSpan.FromMilliseconds(whole * random.NextDouble())).After)
            .Where(double.IsFinite).Order()];
        return new(whole, after, instance.Pool.Leases, instance.Errors);
    }

    private static Found OnSockets(byte[] request, Random random, int departures)
    {
        using var host = new SocketHost();
        double whole = Enumerable.Range(0, WarmTimes).Min(_ => host.Time(request));
        double[] after = [.. Enumerable.Range(0, departures)
            .Select(number => host.Leave(request, TimeSpan.FromMilliseconds(whole * random.NextDouble()), number % 2 == 0))
            .Where(after => !double.IsNaN(after)).Order()];
        return new(whole, after, host.Leases, host.Errors);
    }

    // Milliseconds of the whole, and from the client's going to the end; not a number where it was over before.
    private static (double Whole, double After) Time(Instance instance, Call call, TimeSpan stay)
    {
        using var gone = new CancellationTokenSource();
        long left = 0;
        using CancellationTokenRegistration told = gone.Token.Register(() => left = Stopwatch.GetTimestamp());
        long start = Stopwatch.GetTimestamp();
        gone.CancelAfter(stay);
        instance.SendAsync(call with { Gone = gone }).GetAwaiter().GetResult();
        double whole = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        return (whole, left == 0 ? double.NaN : Stopwatch.GetElapsedTime(left).TotalMilliseconds);
    }

    private static Call Ranks(int length)
    {
        string list = $"[{string.Join(',', Enumerable.Range(0, length).Select(i => i * 7 % 5))}]";
        string lists = string.Join(',', Enumerable.Repeat(list, Lists));
        return Call.Of(LongLoss, $$"""{"scores":[{{lists}}],"relevance":[{{lists}}]}""");
    }

    // What planted_deaf of the fault loop is, with another's numbers.
    private sealed class Deaf(Loss other) : Loss(other.Card)
    {
        public override LossResult Run(LossRequest request, Workshop workshop) =>
            other.Run(request, workshop with { Cancelled = CancellationToken.None });
    }

    /// <param name="Whole">Milliseconds of a request whose client stays.</param>
    /// <param name="After">Milliseconds from each going to the end, in order.</param>
    /// <param name="Leases">How many buffers are still out.</param>
    /// <param name="Errors">How many lines of the log tell of a fault.</param>
    private sealed record Found(double Whole, double[] After, long Leases, int Errors)
    {
        public double At(double share) =>
            After.Length == 0 ? double.NaN : After[(int)Math.Min(After.Length - 1, share * After.Length)];
    }
}

using System.Diagnostics;
using System.Text;
using LossService.Benchmarks.Harness;
using LossService.Benchmarks.Server;
using LossService.Engine;

namespace LossService.Benchmarks.Startup;

/// <summary>How fast a service answers that has just become ready.</summary>
/// <param name="Milliseconds">The first request of every route.</param>
/// <param name="Ratio">The same over the route's settled latency.</param>
/// <param name="ThousandP50">The median of a thousand requests of one route behind these, in milliseconds.</param>
/// <param name="ThousandP99">The latency below which 99 % of them lie.</param>
/// <param name="SettledCpuMs">What such a request costs the server once everything is compiled, in processor
/// milliseconds.</param>
internal sealed record FirstRequests(
    Spread Milliseconds, Spread Ratio, double ThousandP50, double ThousandP99, double SettledCpuMs)
{
    private const int Rounds = 4;
    private const int Calls = 40;
    private const int SettledCalls = 2000; // the system counts processor time in hundredths of a second
    private const int RestMs = 400; // the background compiles what was called often

    /// <summary>Sends them over one connection, one after the other.</summary>
    public static FirstRequests Send(ServerProcess server, bool toy)
    {
        byte[][] requests = [.. Catalogue.All.Select(RequestOf)];
        double[] first = [.. requests.Select(request => Time(server, request))];
        byte[] usual = Payload.Request(Payload.Json(32, 10));
        double[] thousand = Usual(server, usual, toy ? 2 : 1000);
        double[] settled = first;
        for (int round = 0; round < (toy ? 0 : Rounds); round++)
        {
            Thread.Sleep(RestMs);
            Usual(server, usual, SettledCalls);
            settled = [.. requests.Select(request => Spread.Of(
                [.. Enumerable.Range(0, Calls).Select(_ => Time(server, request))]).Median)];
        }

        double before = server.CpuSeconds;
        int calls = Usual(server, usual, toy ? 2 : SettledCalls).Length;
        double milliseconds = (server.CpuSeconds - before) / calls * 1000;
        return new(
            Spread.Of(first), Spread.Of([.. first.Zip(settled, (one, warm) => one / warm)]),
            Spread.At(thousand, 0.5), Spread.At(thousand, 0.99), milliseconds);
    }

    private static double[] Usual(ServerProcess server, byte[] request, int times) =>
        [.. Enumerable.Range(0, times).Select(_ => Time(server, request)).Order()];

    private static byte[] RequestOf(Loss loss) => Connection.Request(
        "POST", $"/v1/losses/{loss.Card.Name}", "application/json", Encoding.UTF8.GetBytes(loss.Card.Examples[0].Body));

    private static double Time(ServerProcess server, byte[] request)
    {
        long start = Stopwatch.GetTimestamp();
        int status = server.Connection(0).Send(request);
        double milliseconds = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        return status == 200 ? milliseconds : throw new InvalidOperationException($"{server.Name} answered {status}.");
    }
}

using System.IO.Pipelines;
using System.Net;
using LossService.Api;
using LossService.Api.Admission;
using LossService.Engine;
using LossService.Tests.Api.Connections;
using LossService.Tests.Faults;
using LossService.Wire;
using LossService.Wire.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace LossService.Tests.Api;

// Limits of time and work.
public sealed partial class EveryLimitTests
{
    private static Task InlineAsync(string name)
    {
        const int Limit = 5000;
        using var service = new Service("Production", ("Limits:InlineStepsMax", $"{Limit}"));
        AdmissionControl admission = service.Services.GetRequiredService<AdmissionControl>();
        long[] prices = [Limit - 1, Limit, Limit + 1, 2 * Limit, int.MaxValue, 1L << 31, 1L << 32, long.MaxValue];
        Assert.All(prices, price => Assert.Equal(price <= Limit, admission.IsInline(price)));
        Assert.False(admission.IsInline(admission.PriceOfUnknown), name);
        return Task.CompletedTask;
    }

    // What came before does not matter, as BodyReaderTests show.
    private static async Task StallAsync(string name)
    {
        const int Limit = 20;
        foreach (int rest in (int[])[Limit - 1, Limit, Limit + 1, 2 * Limit])
        {
            var clock = new StandingClock();
            var pipe = new Pipe(new PipeOptions(readerScheduler: PipeScheduler.Inline));
            var limits = new Limits { StallSecondsMax = Limit };
            using var body = new BodyReader(pipe.Reader, limits, clock);
            Task<ReadResult> reading = body.ReadAsync(default).AsTask();
            clock.Advance(TimeSpan.FromSeconds(rest));
            await pipe.Writer.WriteAsync(new byte[1]);
            if (rest < Limit)
            {
                await reading;
            }
            else
            {
                BadHttpRequestException slow = await Assert.ThrowsAsync<BadHttpRequestException>(() => reading);
                Problem problem = ProblemMiddleware.Of(slow, limits);
                Assert.Equal((408, "timeout"), (problem.Status, problem.Code));
            }
        }

        Assert.Equal(Limit, new Limits { StallSecondsMax = Limit }.List().Single(limit => limit.Name == name).Value);
    }

    // A caller without a deadline is not spared it, and no request that is too dear is begun.
    private static async Task WorkAsync(string name)
    {
        const int Limit = 5000;
        (string, string) everyOneHasATurn = ("InlineStepsMax", "0");
        using var strict = new Instance(Catalogue.All, ("WorkStepsMax", $"{Limit}"), everyOneHasATurn);
        AdmissionControl admission = strict.Services.GetRequiredService<AdmissionControl>();
        long[] prices = [Limit - 1, Limit, Limit + 1, 2 * Limit, int.MaxValue, 1L << 31, 1L << 32, long.MaxValue];
        Assert.All(prices, price => Assert.Equal(
            price <= Limit ? null : name, admission.Refusal(price, null)?.Errors!.Single().Limit));
        string few = string.Join(',', Enumerable.Repeat(1, 10));
        string many = string.Join(',', Enumerable.Repeat(1, 100));
        Reply cheap = await strict.SendAsync(Call.Of(Mse, $$"""{"predictions":[{{few}}],"targets":[{{few}}]}"""));
        Assert.True(cheap.Status == 200, cheap.Text);
        AssertLimit(name, await strict.SendAsync(Call.Of(Mse, $$"""{"predictions":[{{many}}],"targets":[{{many}}]}""")));
    }

    // On one thread, behind requests of the same length from elsewhere.
    private static Task QueueAsync(string name)
    {
        const int Limit = 200;
        const int Each = 10;
        const long Price = Each * 1_000_000 / LossService.Api.Admission.Price.StepNanoseconds;
        foreach (int waits in (int[])[Limit - Each, Limit, Limit + Each, 2 * Limit])
        {
            using var instance = new Instance(Catalogue.All, ("QueueMillisecondsMax", $"{Limit}"), ("ComputeThreadsMax", "1"));
            AdmissionControl admission = instance.Services.GetRequiredService<AdmissionControl>();
            ComputeThreads threads = instance.Services.GetRequiredService<ComputeThreads>();
            bool isOver = false;
            for (int before = 0; before < waits / Each; before++)
            {
                Turn turn = threads.Open(new JsonCodec(), Price, new IPAddress(before + 1));
                turn.Post(_ => SpinWait.SpinUntil(() => Volatile.Read(ref isOver)), null);
            }

            Problem? refusal = admission.Refusal(Price, null, IPAddress.IPv6Loopback);
            Assert.True(refusal is null == (waits <= Limit), $"{name}: {waits} ms");
            Assert.True(refusal is null || (refusal.Status == 429 && refusal.RetryAfterSeconds == 1));
            Volatile.Write(ref isOver, true);
        }

        return Task.CompletedTask;
    }

    private static Task TimeoutAsync(string name)
    {
        const int Limit = 1000;
        foreach (long value in (long[])[Limit - 1, Limit, Limit + 1, 2 * Limit, int.MaxValue, 1L << 31, 1L << 32, long.MaxValue])
        {
            var http = new DefaultHttpContext();
            http.Request.Headers[Deadline.Header] = $"{value}";
            Assert.True(Deadline.TryRead(http.Request, Limit, out TimeSpan? left, out _), name);
            Assert.Equal(Math.Min(value, Limit), left!.Value.TotalMilliseconds);
        }

        return Task.CompletedTask;
    }
}

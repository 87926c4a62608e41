using System.Diagnostics;
using System.Text.Json;
using LossService.Api;
using LossService.Engine;
using LossService.Wire;

namespace LossService.Tests.Faults;

/// <summary>Sends changed bodies the whole way through the service: codec, check, kernel, answer.</summary>
/// <remarks>Whatever comes back must be an answer or a problem of the closed list that is the client's; nothing may stay rented,
/// and no error may stand in the log.</remarks>
internal sealed class Fuzz(Instance instance, IReadOnlyList<Call> seeds, int seed)
{
    private const int FindingsMax = 10;

    private readonly Mutator _mutator = new(seed);
    private readonly Random _random = new(seed);

    /// <summary>Small limits, so that mutants reach them and no mutant costs much.</summary>
    public static (string Name, string Value)[] Limits { get; } =
    [
        ("ElementsMax", "4096"), ("BodyBytesMax", "65536"), ("BufferedBytesMax", "1024"), ("ThreadsMax", "1"),
        ("SafetensorsHeaderBytesMax", "4096"),
    ];

    /// <summary>How often each status or code came.</summary>
    public SortedDictionary<string, long> Outcomes { get; } = new(StringComparer.Ordinal);

    /// <summary>What broke the service, with the bodies that did.</summary>
    public List<string> Findings { get; } = [];

    /// <summary>What takes longer is a finding; a machine that does other things too can make anything take long.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.MaxValue;

    /// <summary>The longest that a body took.</summary>
    public TimeSpan Slowest { get; private set; }

    /// <summary>The examples of all cards, in every format.</summary>
    public static async Task<List<Call>> SeedsAsync(IReadOnlyList<Loss> losses, Instance instance)
    {
        var seeds = new List<Call>();
        ReadLimits limits = new Limits().ForReading();
        foreach (Loss loss in losses)
        {
            seeds.AddRange(loss.Card.Examples.Select(example => Call.Of(loss.Card.Name, example.Body)));
            seeds.Add(new(loss.Card.Name, await BinaryExample.OfAsync(loss.Card, 1, limits, instance.Pool))
            {
                ContentType = Call.Safetensors,
            });
        }

        return seeds;
    }

    public async Task RunAsync(long executions)
    {
        for (long i = 0; i < executions && Findings.Count < FindingsMax; i++)
        {
            Call call = _mutator.Mutate(seeds[_random.Next(seeds.Count)], seeds[_random.Next(seeds.Count)]);
            int errors = instance.Errors;
            long start = Stopwatch.GetTimestamp();
            string? finding;
            try
            {
                finding = Judge(await instance.SendAsync(call));
            }
#pragma warning disable CA1031 // Any exception is what is looked for.
            catch (Exception exception)
#pragma warning restore CA1031
            {
                finding = exception.ToString();
            }

            TimeSpan taken = Stopwatch.GetElapsedTime(start);
            Slowest = taken > Slowest ? taken : Slowest;
            finding ??= taken > Patience ? "a hang" : null;
            finding ??= instance.Errors != errors ? "an error in the log" : null;
            finding ??= instance.Pool.Leases != 0 ? "a lease stays out" : null;
            if (finding is not null)
            {
                Findings.Add($"{finding}: {call.Loss} {call.ContentType} {Convert.ToBase64String(call.Body)}");
            }
        }
    }

    private string? Judge(Reply reply)
    {
        if (reply.Status == 200)
        {
            Count("200");
            return null;
        }

        using var problem = JsonDocument.Parse(reply.Body);
        string code = problem.RootElement.GetProperty("code").GetString()!;
        Count(code);
        bool isKnown = ProblemKinds.Find(code) is not null && code != ProblemKinds.InternalError;
        foreach (JsonElement error in problem.RootElement.TryGetProperty("errors", out JsonElement errors) ? errors.EnumerateArray() : default)
        {
            isKnown &= ProblemKinds.Find(error.GetProperty("code").GetString()!) is not null;
        }

        return isKnown && reply.Status is >= 400 and < 500 ? null : $"{reply.Status} {reply.Text}";
    }

    private void Count(string outcome) => Outcomes[outcome] = Outcomes.GetValueOrDefault(outcome) + 1;
}

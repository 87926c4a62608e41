using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;
using LossService.Tests.Examples;
using Xunit;

namespace LossService.Tests.Deploy;

/// <summary>A service with one processor or a share of one, as a container's quota or mask gives it: everything of which it
/// has one a processor follows, and a large request leaves room for small ones.</summary>
public sealed class OneProcessorTests
{
    private const int Lists = 4;
    private const int Length = 4096; // 67 million pairs in all: a second

    private static readonly Uri Small = new("/v1/losses/mse_loss", UriKind.Relative);
    private static readonly Uri Large = new("/v1/losses/ranknet_loss?gradients=scores", UriKind.Relative);

    /// <summary>What the runtime counts as processors: by a variable of its own, by the system's mask, and by the quota of a
    /// container, here of half a processor.</summary>
    public static TheoryData<string> Ways => ["DOTNET_PROCESSOR_COUNT", "taskset", "cgroup"];

    [SkippableTheory]
    [MemberData(nameof(Ways))]
    public async Task Service_WithOneProcessor_AnswersSmallRequestsBesideALargeOne(string way)
    {
        bool byMask = way == "taskset";
        Skip.If(byMask && !await Engine.AnswersAsync("taskset", "--version"), "taskset is missing (Debian's package util-linux).");
        bool byQuota = way == "cgroup";
        using Quota? quota = byQuota ? Quota.TryMake() : null;
        Skip.If(byQuota && quota is null, "No group with a quota can be made here (Linux, as root).");
        var service = new RealService
        {
            Before = byMask ? ["taskset", "-c", "0"] : quota?.Before ?? [],
            Variables = byMask || byQuota ? [] : [(way, "1")],
        };
        await service.InitializeAsync();
        try
        {
            using var client = new HttpClient { BaseAddress = new(service.Address) };
            JsonArray limits = (await client.GetFromJsonAsync<JsonNode>("/v1/info"))!["limits"]!.AsArray();
            long Limit(string name) => (long)limits.Single(limit => (string?)limit!["name"] == name)!["value"]!;
            Assert.Equal((1, 1), (Limit("threads"), Limit("compute_threads")));

            Task<HttpResponseMessage> large = client.PostAsync(Large, Json(Ranks()));
            int beside = 0;
            while (!large.IsCompleted)
            {
                using HttpResponseMessage small = await client.PostAsync(Small, Json("""{"predictions":[1],"targets":[3]}"""));
                Assert.Equal(200, (int)small.StatusCode);
                beside += large.IsCompleted ? 0 : 1;
            }

            using HttpResponseMessage answer = await large;
            Assert.True((int)answer.StatusCode == 200, await answer.Content.ReadAsStringAsync());
            Assert.True(beside > 3, $"{beside} small requests were answered beside the large one");
        }
        finally
        {
            await service.DisposeAsync();
        }
    }

    private static StringContent Json(string body) => new(body, Encoding.UTF8, "application/json");

    private static string Ranks()
    {
        string list = $"[{string.Join(',', Enumerable.Range(0, Length).Select(i => i * 7 % 5))}]";
        string lists = string.Join(',', Enumerable.Repeat(list, Lists));
        return $$"""{"scores":[{{lists}}],"relevance":[{{lists}}]}""";
    }
}

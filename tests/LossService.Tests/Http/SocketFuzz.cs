using System.Collections.Concurrent;
using System.Globalization;
using System.Text;

namespace LossService.Tests.Http;

/// <summary>Sends changed requests over real sockets, many at a time, each on a connection of its own.</summary>
/// <remarks>Nobody may get more answers than <see cref="StrictReader"/> allows, none of them a fault of the server's, and the
/// server must go on answering others.</remarks>
internal sealed class SocketFuzz(int port, int seed)
{
    private const int FindingsMax = 10;
    private const int HealthEvery = 200;

    private static readonly TimeSpan QuietMax = TimeSpan.FromMilliseconds(150);

    private readonly ConcurrentQueue<string> _findings = new();
    private readonly ConcurrentDictionary<int, long> _outcomes = new();
    private long _left;

    /// <summary>What broke the server or was answered too often, with the bytes that did it.</summary>
    public IReadOnlyCollection<string> Findings => _findings;

    /// <summary>How often each status came; 0 where none came.</summary>
    public IReadOnlyDictionary<int, long> Outcomes => _outcomes;

    /// <summary>Sends so many.</summary>
    public Task RunAsync(long requests, int workers)
    {
        _left = requests;
        return Task.WhenAll(Enumerable.Range(0, workers).Select(worker => Task.Run(() => WorkAsync(new(seed + worker), new(worker)))));
    }

    private async Task WorkAsync(HttpMutator mutator, Random random)
    {
        for (int i = 1; Interlocked.Decrement(ref _left) >= 0 && _findings.Count < FindingsMax; i++)
        {
            byte[] bytes = mutator.Next();
            string? finding;
            try
            {
                finding = await SendAsync(bytes, random);
                finding ??= i % HealthEvery == 0 && !await IsHealthyAsync() ? "others are no longer answered" : null;
            }
#pragma warning disable CA1031 // Whatever goes wrong is what is looked for.
            catch (Exception exception)
#pragma warning restore CA1031
            {
                finding = exception.ToString();
            }

            if (finding is not null)
            {
                _findings.Enqueue($"{finding}: {Convert.ToBase64String(bytes)}");
            }
        }
    }

    // What is wrong with the answers, or null.
    private async Task<string?> SendAsync(byte[] bytes, Random random)
    {
        using var client = new RawClient(port);
        if (random.Next(4) == 0)
        {
            int cut = random.Next(bytes.Length + 1);
            await client.SendAsync(bytes.AsMemory(0, cut));
            await client.SendAsync(bytes.AsMemory(cut));
        }
        else
        {
            await client.SendAsync(bytes.AsMemory());
        }

        RawAnswers answers = await client.ListenAsync(QuietMax);
        RawAnswer[] final = [.. answers.All.Where(answer => answer.Status >= 200)];
        _outcomes.AddOrUpdate(final.Length == 0 ? 0 : final[0].Status, 1, (_, count) => count + 1);
        int most = StrictReader.AnswersMax(bytes);
        return final.Length > most ? string.Create(CultureInfo.InvariantCulture, $"{final.Length} answers to {most} requests")
            // 505 is the answer to a version that the server does not speak.
            : final.FirstOrDefault(answer => answer.Status >= 500 && answer.Status != 505) is { } fault ? $"{fault.Status} {fault.Body}"
            : null;
    }

    private async Task<bool> IsHealthyAsync()
    {
        RawAnswers answers = await RawClient.AskAsync(port, string.Create(
            CultureInfo.InvariantCulture,
            $"POST /v1/losses/mse_loss HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: {Encoding.UTF8.GetByteCount(Ambiguous.Body)}\r\n\r\n{Ambiguous.Body}"));
        return answers.All.Count == 1 && answers.All[0].Status == 200;
    }
}

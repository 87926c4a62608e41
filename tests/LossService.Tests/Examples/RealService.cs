using System.Diagnostics;
using System.Text;
using System.Text.RegularExpressions;
using Xunit;

namespace LossService.Tests.Examples;

/// <summary>The service as a process of its own, on a free port of this machine; the tests of one collection share it.</summary>
[CollectionDefinition(Collection)]
public sealed partial class RealService : IAsyncLifetime, ICollectionFixture<RealService>
{
    /// <summary>The collection's name.</summary>
    public const string Collection = "a real service";

    private static readonly TimeSpan StartTimeMax = TimeSpan.FromSeconds(120); // a busy machine compiles slowly

    private readonly StringBuilder _log = new();
    private readonly TaskCompletionSource<Uri> _address = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Process? _process;

    /// <summary>The program that starts it, with its arguments; empty where it is started directly.</summary>
    internal string[] Before { get; init; } = [];

    /// <summary>Variables of its environment beside those of these tests.</summary>
    internal (string Name, string Value)[] Variables { get; init; } = [];

    /// <summary>Where it listens, as scheme, host and port.</summary>
    public string Address => _address.Task.Result.GetLeftPart(UriPartial.Authority);

    /// <summary>What it wrote so far.</summary>
    public string Log
    {
        get
        {
            lock (_log)
            {
                return _log.ToString();
            }
        }
    }

    public async Task InitializeAsync()
    {
        string[] command = [.. Before, Programs.Dotnet, Programs.Service, "--urls", "http://127.0.0.1:0"];
        ProcessStartInfo plan = Programs.Plan(command[0], command[1..]);
        foreach ((string name, string value) in Variables)
        {
            plan.Environment[name] = value;
        }

        _process = Process.Start(plan)!;
        _process.OutputDataReceived += (_, line) => Take(line.Data);
        _process.ErrorDataReceived += (_, line) => Take(line.Data);
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();

        using var time = new CancellationTokenSource(StartTimeMax);
        try
        {
            Uri address = await _address.Task.WaitAsync(time.Token);
            using var client = new HttpClient { BaseAddress = address };
            while (!await IsReadyAsync(client, time.Token))
            {
                await Task.Delay(100, time.Token);
            }
        }
        catch (OperationCanceledException)
        {
            await DisposeAsync();
            throw new TimeoutException($"The service was not ready within {StartTimeMax}. It wrote:\n{Log}");
        }
    }

    public async Task DisposeAsync()
    {
        if (_process is { } process)
        {
            _process = null;
            process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync();
            process.Dispose();
        }
    }

    private static async Task<bool> IsReadyAsync(HttpClient client, CancellationToken stop)
    {
        using HttpResponseMessage answer = await client.GetAsync(new Uri("/health/ready", UriKind.Relative), stop);
        return answer.IsSuccessStatusCode;
    }

    // The system chose the port; the line that says where Swagger is names it, as a person would read it.
    private void Take(string? line)
    {
        if (line is null)
        {
            return;
        }

        lock (_log)
        {
            _log.AppendLine(line);
        }

        if (SwaggerLine().Match(line) is { Success: true } found)
        {
            _address.TrySetResult(new Uri(found.Groups[1].Value));
        }
    }

    [GeneratedRegex(@"Swagger: (http://127\.0\.0\.1:\d+)/swagger")]
    private static partial Regex SwaggerLine();
}

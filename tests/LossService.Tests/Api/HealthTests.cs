using LossService.Engine;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Xunit;

namespace LossService.Tests.Api;

/// <summary>Live at once, ready after the warm-up, draining from the moment of shutdown.</summary>
public sealed class HealthTests
{
    public static TheoryData<string> Environments => Service.Environments;

    [Theory]
    [MemberData(nameof(Environments))]
    public async Task Ready_AfterWarmUp_Is200(string environment)
    {
        await using var service = new Service(environment);
        using HttpResponseMessage live = await service.GetAsync("/health/live");
        Assert.Equal(200, (int)live.StatusCode);
        using HttpResponseMessage early = await service.GetAsync("/health/ready");
        Assert.Contains((int)early.StatusCode, (int[])[200, 503]);
        for (int attempt = 0; attempt < 500; attempt++)
        {
            using HttpResponseMessage ready = await service.GetAsync("/health/ready");
            if ((int)ready.StatusCode == 200)
            {
                return;
            }

            await ProblemAssert.IsAsync(ready, 503, "overloaded");
            await Task.Delay(20);
        }

        Assert.Fail("The service never became ready.");
    }

    // A host has 128 watchers of files for a user and all of his containers, unless somebody raises that.
    [Fact]
    public async Task Settings_OfFiles_AreNotWatched()
    {
        await using var service = new Service("Production");
        var settings = (IConfigurationRoot)service.Services.GetRequiredService<IConfiguration>();
        FileConfigurationProvider[] files = [.. settings.Providers.OfType<FileConfigurationProvider>()];
        Assert.NotEmpty(files);
        Assert.All(files, file => Assert.False(file.Source.ReloadOnChange));
    }

    [Fact]
    public async Task WarmUp_OfTheCatalogue_GetsAnAnswerInEveryFormat()
    {
        await using var service = new Service("Production");
        await service.WarmAsync();
        Assert.Contains(service.Log.All, line => line.Contains("\"Warm: ", StringComparison.Ordinal));
        Assert.DoesNotContain(service.Log.All, line => Catalogue.All.Any(loss =>
            line.Contains($"The first example of {loss.Card.Name} ", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Ready_WhileShuttingDown_Is503Draining()
    {
        var pause = new Pause();
        await using var service = new Service("Production") { Also = services => services.AddSingleton<IHostedService>(pause) };
        using HttpClient client = service.CreateClient();
        service.Services.GetRequiredService<IHostApplicationLifetime>().StopApplication();
        await pause.Reached.WaitAsync(TimeSpan.FromSeconds(10));
        using HttpResponseMessage ready = await client.GetAsync(new Uri("/health/ready", UriKind.Relative));
        await ProblemAssert.IsAsync(ready, 503, "draining");
        Assert.True(ready.Headers.ConnectionClose);
        pause.Release();
    }

    [Fact]
    public async Task Loss_WhileDraining_IsStillAnsweredAndItsConnectionClosed()
    {
        var clock = new HeldTimers();
        await using var service = new Service("Production", ("Limits:DrainMillisecondsMax", "60000"))
        {
            Also = services => services.AddSingleton<TimeProvider>(clock),
        };
        await service.WarmAsync();
        using HttpClient client = service.CreateClient();
        Assert.Null((await client.GetAsync(new Uri("/health/live", UriKind.Relative))).Headers.ConnectionClose);
        using var patience = new CancellationTokenSource();
        Task stopped = service.Services.GetRequiredService<IHost>().StopAsync(patience.Token);
        try
        {
            // HTTP/2 has a frame for it, which the server sends itself, and no such header.
            foreach ((string version, bool? isClosed) in ((string, bool?)[])[("1.0", true), ("1.1", true), ("2.0", null)])
            {
                using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/losses/mse_loss")
                {
                    Version = new(version),
                    Content = new StringContent("""{"predictions":[1],"targets":[1]}""", null, "application/json"),
                };
                using HttpResponseMessage answer = await client.SendAsync(request);
                Assert.Equal(200, (int)answer.StatusCode);
                Assert.Equal(isClosed, answer.Headers.ConnectionClose);
            }

            Assert.False(stopped.IsCompleted);
        }
        finally
        {
            await patience.CancelAsync();
            await stopped;
            clock.AreOver = true;
        }
    }

    /// <summary>Holds the shutdown between its announcement and its execution.</summary>
    private sealed class Pause : IHostedLifecycleService
    {
        private readonly TaskCompletionSource _reached = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource _released = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Reached => _reached.Task;

        public void Release() => _released.TrySetResult();

        public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StoppingAsync(CancellationToken cancellationToken)
        {
            _reached.TrySetResult();
            return _released.Task;
        }

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}

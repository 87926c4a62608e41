using System.Collections.Concurrent;
using System.Text;
using System.Text.Json.Nodes;
using LossService.Api;
using LossService.Engine;
using LossService.Engine.Numerics;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Serilog.Core;
using Xunit;

namespace LossService.Tests.Api;

/// <summary>The whole service in memory, one shared instance an environment, with a few losses that misbehave on purpose.
/// Returned buffers are poisoned, so that a stale read shows.</summary>
internal sealed class Service(string environment, params (string Name, string Value)[] settings) : WebApplicationFactory<Program>
{
    private static readonly ConcurrentDictionary<string, Lazy<Service>> Shared = new();

    public static TheoryData<string> Environments => ["Development", "Production"];

    public LogLines Log { get; } = new();

    public Action<IServiceCollection>? Also { get; init; }

    public TensorPool Pool => Services.GetRequiredService<TensorPool>();

    public static Service In(string environment) =>
        Shared.GetOrAdd(environment, name => new(() => new Service(name))).Value;

    public Task<HttpResponseMessage> PostAsync(string path, string body, string? contentType = "application/json")
    {
        var content = new ByteArrayContent(Encoding.UTF8.GetBytes(body));
        if (contentType is not null)
        {
            content.Headers.TryAddWithoutValidation("Content-Type", contentType);
        }

        return CreateClient().PostAsync(new Uri(path, UriKind.Relative), content);
    }

    public Task<HttpResponseMessage> GetAsync(string path) => CreateClient().GetAsync(new Uri(path, UriKind.Relative));

    public async Task<JsonNode> ReadAsync(string path)
    {
        using HttpResponseMessage answer = await GetAsync(path);
        Assert.Equal(200, (int)answer.StatusCode);
        return JsonNode.Parse(await answer.Content.ReadAsStringAsync())!;
    }

    /// <summary>Waits until the warm-up is over.</summary>
    public async Task WarmAsync()
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        HttpResponseMessage ready = await GetAsync("/health/ready");
        while (!ready.IsSuccessStatusCode)
        {
            await Task.Delay(20, patience.Token);
            ready.Dispose();
            ready = await GetAsync("/health/ready");
        }

        ready.Dispose();
    }

    /// <summary>Sees that nothing stays rented. Other tests share the service, and it may still warm up: their requests end,
    /// a leak would stay.</summary>
    public async Task AssertNothingLeasedAsync()
    {
        for (int attempt = 0; attempt < 3000 && Pool.Leases != 0; attempt++)
        {
            await Task.Delay(10);
        }

        Assert.Equal(0, Pool.Leases);
    }

    // UseKestrel of the factory registers the server's own blocks once more, behind the service's: as in production, those
    // of the service are to be the last.
    protected override IHost CreateHost(IHostBuilder builder) => base.CreateHost(builder.ConfigureServices(services =>
        services.AddSingleton<IMemoryPoolFactory<byte>>(provider => provider.GetRequiredService<TransportBlocks>())));

    protected override void ConfigureWebHost(IWebHostBuilder builder)
    {
        builder.UseEnvironment(environment);
        builder.UseSetting("PoisonsReturns", "true");
        builder.UseSetting("Limits:DrainMillisecondsMax", "0"); // nobody else sends requests here
        builder.UseSetting("Limits:QueueMillisecondsMax", "60000"); // no refusal because the machine that tests is busy
        foreach ((string name, string value) in settings)
        {
            builder.UseSetting(name, value);
        }

        builder.ConfigureTestServices(services =>
        {
            services.AddSingleton<ILogEventSink>(Log);
            services.Replace(ServiceDescriptor.Singleton<IReadOnlyList<Loss>>([.. Catalogue.All, .. FakeLoss.All]));
            Also?.Invoke(services);
        });
    }
}

using Xunit;

namespace LossService.Tests.Deploy;

/// <summary>The container of these tests: built once, started and ready.</summary>
[CollectionDefinition(Collection)]
public sealed class BuiltContainer : IAsyncLifetime, ICollectionFixture<BuiltContainer>
{
    /// <summary>The collection's name.</summary>
    public const string Collection = "a container";

    private static readonly TimeSpan StartTimeMax = TimeSpan.FromSeconds(120); // a busy machine compiles slowly

    private IContainer? _container;
    private string _missing = "";

    public async Task InitializeAsync()
    {
        (_container, _missing) = await Engine.FindAsync();
        if (_container is null)
        {
            return;
        }

        try
        {
            await _container.BuildAsync();
            await StartAsync(_container);
        }
        catch
        {
            await DisposeAsync();
            throw;
        }
    }

    public async Task DisposeAsync()
    {
        if (_container is not null)
        {
            await _container.DisposeAsync();
        }
    }

    /// <summary>The container, or a skipped test with the reason why there is none.</summary>
    internal IContainer Get()
    {
        Skip.If(_container is null, _missing);
        return _container!;
    }

    /// <summary>Starts a container and waits until the service in it is ready.</summary>
    internal static async Task StartAsync(IContainer container)
    {
        await container.StartAsync();
        using var time = new CancellationTokenSource(StartTimeMax);
        while (true)
        {
            try
            {
                using HttpResponseMessage answer = await container.Client.GetAsync(
                    new Uri("/health/ready", UriKind.Relative), time.Token);
                if (answer.IsSuccessStatusCode)
                {
                    return;
                }
            }
            catch (HttpRequestException)
            {
                // Nothing listens yet.
            }
            catch (OperationCanceledException)
            {
                throw new TimeoutException(
                    $"The container was not ready within {StartTimeMax}. It wrote:\n{await container.LogAsync()}");
            }

            await Task.Delay(100);
        }
    }
}

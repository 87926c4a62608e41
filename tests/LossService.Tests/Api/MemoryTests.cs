using LossService.Api;
using LossService.Engine;
using LossService.Tests.Examples;
using LossService.Tests.Faults;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Xunit;

namespace LossService.Tests.Api;

/// <summary>A process that has less memory than its pool may lend.</summary>
public sealed class MemoryTests
{
    private const string Numbers = """{"predictions":[1,2]}""";
    private const string HeapBytesMax = "0x6000000"; // 96 MiB, as the runtime reads it: hexadecimal

    // The runtime's own bound stands for a container's: there it is three quarters of what the container may have.
    [Fact]
    public async Task Service_WithoutMemoryForALargeRequest_RefusesItAndLivesOn()
    {
        var service = new RealService { Variables = [("DOTNET_GCHeapHardLimit", HeapBytesMax)] };
        await service.InitializeAsync();
        try
        {
            using var client = new HttpClient { BaseAddress = new(service.Address) };
            Call large = Bodies.Safetensors(4000, 4000); // 64 MB, and as much of a gradient
            for (int attempt = 0; attempt < 3; attempt++)
            {
                Assert.Equal(429, await StatusAsync(client, large));
                Assert.Equal(200, await StatusAsync(client, Bodies.Safetensors(1000, 250)));
                Assert.Equal(200, await StatusAsync(client, Bodies.Nested(3, 4)));
            }

            Assert.DoesNotContain("OutOfMemory", service.Log, StringComparison.Ordinal);
        }
        finally
        {
            await service.DisposeAsync();
        }
    }

    [Fact]
    public async Task Service_OutOfMemoryWhereItDoesNotCountOnIt_StopsInOrder()
    {
        await using var service = new Service("Production", ("WarmUpRounds", "0"))
        {
            Also = services => services.Replace(ServiceDescriptor.Singleton<IReadOnlyList<Loss>>([FakeLoss.Slow, FakeLoss.Starving])),
        };
        Readiness readiness = service.Services.GetRequiredService<Readiness>();
        using (HttpResponseMessage sound = await service.PostAsync("/v1/losses/fake_slow", Numbers))
        {
            Assert.Equal(200, (int)sound.StatusCode);
            Assert.False(readiness.IsBroken || readiness.IsDraining);
        }

        using HttpResponseMessage answer = await service.PostAsync("/v1/losses/fake_starving", Numbers);
        await ProblemAssert.IsAsync(answer, 500, "internal_error");
        Assert.True(readiness.IsBroken && readiness.IsDraining);
        Assert.Contains(service.Log.All, line => line.Contains("Out of memory", StringComparison.Ordinal));
    }

    private static async Task<int> StatusAsync(HttpClient client, Call call)
    {
        using var content = new ByteArrayContent(call.Body);
        content.Headers.TryAddWithoutValidation("Content-Type", call.ContentType);
        using HttpResponseMessage answer = await client.PostAsync(new Uri(call.Path, UriKind.Relative), content);
        return (int)answer.StatusCode;
    }
}

using System.Text.Json.Nodes;
using LossService.Api;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Hosting.Internal;
using Microsoft.Extensions.Options;
using Xunit;

namespace LossService.Tests.Api;

/// <summary>Limits: configured, checked at the start, and kept.</summary>
public sealed class LimitTests
{
    [Theory]
    [InlineData("body", """{"predictions":[1]                                                                                    }""")]
    [InlineData("elements", """{"predictions":[1,2,3,4,5]}""")]
    [InlineData("depth", """{"predictions":[[[[1]]]]}""")]
    [InlineData("literal", """{"predictions":[1.0000000000000000000000000000000000000000]}""")]
    public async Task Limit_Lowered_IsKept(string limit, string body)
    {
        await using var service = new Service(
            "Production", ("Limits:BodyBytesMax", "100"), ("Limits:ElementsMax", "4"), ("Limits:DepthMax", "4"),
            ("Limits:LiteralBytesMax", "32"));
        using HttpResponseMessage answer = await service.PostAsync("/v1/losses/fake_endless", body);
        JsonNode problem = await ProblemAssert.IsAsync(answer, 413, "limit_exceeded");
        Assert.Equal(limit, (string?)problem["errors"]![0]!["limit"]);
        JsonNode info = await service.ReadAsync("/v1/info");
        Assert.Contains(info["limits"]!.AsArray(), one => (string?)one!["name"] == limit);
    }

    [Theory]
    [InlineData("Limits:ElementsMax", "0")]
    [InlineData("Limits:BodyBytesMax", "-1")]
    [InlineData("Limits:DepthMax", "1000")]
    [InlineData("Limits:SlowSecondsMax", "1")] // which the server would not take
    [InlineData("Limits:ElementMax", "5")]
    [InlineData("Limits:ElementsMax", "many")]
    public async Task Limit_ConfiguredWrongly_StopsTheStart(string name, string value)
    {
        await using var service = new Service("Production", (name, value));
        Exception? thrown = Record.Exception(() => service.CreateClient());
        Assert.True(thrown is OptionsValidationException or InvalidOperationException, $"{thrown}");
    }

    [Theory]
    [InlineData("Production", null, 5000)]
    [InlineData("Development", null, 0)]
    [InlineData("Development", "70", 70)]
    public void DrainTime_ByDefault_SparesWhoDevelops(string environment, string? setting, int milliseconds)
    {
        IConfiguration settings = new ConfigurationBuilder().AddInMemoryCollection(
            setting is null ? [] : [KeyValuePair.Create("Limits:DrainMillisecondsMax", (string?)setting)]).Build();
        var services = new ServiceCollection();
        services.AddSingleton(settings);
        services.AddSingleton<IHostEnvironment>(new HostingEnvironment { EnvironmentName = environment });
        services.AddLimits();
        using ServiceProvider provider = services.BuildServiceProvider();
        Assert.Equal(milliseconds, provider.GetRequiredService<IOptions<Limits>>().Value.DrainMillisecondsMax);
    }

    [Fact]
    public void Limits_Defaults_AreWithinTheirRanges() => Assert.Empty(new Limits().OutOfRange());

    [Fact]
    public void Limits_EveryProperty_IsListed() =>
        Assert.Equal(typeof(Limits).GetProperties().Length + 5, new Limits().List().Count); // and rank, paired_axis, formed_elements, lease and wrong_elements, which are fixed
}

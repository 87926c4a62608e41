using System.Globalization;
using LossService.Api;
using LossService.Tests.Examples;
using Xunit;

namespace LossService.Tests.Deploy;

/// <summary>The health check against a service that is there, and against nothing.</summary>
[Collection(RealService.Collection)]
public sealed class HealthCheckTests(RealService service)
{
    [Fact]
    public async Task HealthCheck_OfAReadyService_EndsWith0() =>
        Assert.Equal(0, await HealthCheckMode.RunAsync(["--healthcheck", service.Address]));

    [Theory]
    [InlineData("http://127.0.0.1:1")] // nothing listens there
    [InlineData("no address")]
    public async Task HealthCheck_OfNothing_EndsWith1(string address) =>
        Assert.Equal(1, await HealthCheckMode.RunAsync(["--healthcheck", address]));

    [Theory]
    [InlineData("http://+:{0}", null)]
    [InlineData("https://*:1;http://0.0.0.0:{0}", "2")] // which the server prefers to ports
    [InlineData(null, "{0};3")]
    public async Task HealthCheck_WithoutAnAddress_AsksWhereTheEnvironmentHasTheServiceListen(string? urls, string? ports)
    {
        string port = new Uri(service.Address).Port.ToString(CultureInfo.InvariantCulture);
        (int code, string output) = await Programs.RunAsync(
            "env", [
                "-u", "ASPNETCORE_URLS", "-u", "ASPNETCORE_HTTP_PORTS", .. Set("ASPNETCORE_URLS", urls), .. Set("ASPNETCORE_HTTP_PORTS", ports),
                Programs.Dotnet, Programs.Service, "--healthcheck",
            ]);
        Assert.True(code == 0, output);

        string[] Set(string name, string? value) => value is null ? [] : [$"{name}={value.Replace("{0}", port, StringComparison.Ordinal)}"];
    }

    [Fact]
    public async Task Service_WithLimitsOutsideTheirRange_EndsWith1AndSaysWhich()
    {
        (int code, string output) = await Programs.RunAsync(
            "env", "Limits__BodyBytesMax=-1", "Limits__DepthMax=65", Programs.Dotnet, Programs.Service);
        Assert.Equal(1, code);
        Assert.Equal(
            "Limits:BodyBytesMax: expected 1 to 17179869184 bytes, found -1; Limits:DepthMax: expected 3 to 64 levels, found 65",
            output.Trim());
    }

    [Fact]
    public async Task HealthCheck_AsAProcess_EndsWithTheSameCode()
    {
        (int code, string output) = await Programs.RunAsync(Programs.Dotnet, Programs.Service, "--healthcheck", service.Address);
        Assert.True(code == 0, output);
        (code, output) = await Programs.RunAsync(Programs.Dotnet, Programs.Service, "--healthcheck", "http://127.0.0.1:1");
        Assert.Equal(1, code);
        Assert.NotEmpty(output);
    }
}

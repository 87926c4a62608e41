using System.Text.Json;
using LossService.Api;
using LossService.Tests.Examples;
using LossService.Tests.Tidy;
using Xunit;
using YamlDotNet.Serialization;

namespace LossService.Tests.Deploy;

/// <summary>What Dockerfile and docker-compose.yml promise, read out of the files themselves.</summary>
public sealed class DeployTests
{
    private const string NotRoot = "1654:1654";

    private static readonly Dockerfile Image = Dockerfile.OfTheService;
    private static readonly Dictionary<object, object> Service = ReadService();

    [Fact]
    public void Dockerfile_BaseImages_AreArgumentsOfTheMicrosoftRegistry()
    {
        Assert.Equal(["${SDK} AS build", "${RUNTIME}"], Image.All("FROM"));
        Assert.Equal("mcr.microsoft.com/dotnet/sdk:10.0", Image.Value("SDK"));
        Assert.Equal("mcr.microsoft.com/dotnet/aspnet:10.0-noble-chiseled", Image.Value("RUNTIME"));
    }

    [Fact]
    public void Dockerfile_LastStage_RunsTheServiceAsAUserThatIsNotRoot()
    {
        Dockerfile stage = Image.LastStage;
        Assert.Equal([NotRoot], stage.All("USER"));
        Assert.Equal(["dotnet", "LossService.Api.dll"], Words(Assert.Single(stage.All("ENTRYPOINT"))));
        Assert.Empty(stage.All("RUN")); // a chiseled image has no shell to run anything with
        Assert.Equal(["--from=build /app ./"], stage.All("COPY"));
        Assert.Equal("0", stage.Value("DOTNET_EnableDiagnostics")); // or the runtime writes a socket to /tmp
    }

    [Fact]
    public void Dockerfile_WhatTheRuntimeIsTold_IsWhatTheBenchmarksMeasure()
    {
        const string Name = "DOTNET_GCgen0size";
        string? value = Image.LastStage.Value(Name);
        Assert.NotNull(value);
        string measured = House.Read("tests/LossService.Benchmarks/Server/ServerProcess.cs");
        Assert.Contains($"[\"{Name}\"] = \"{value}\"", measured, StringComparison.Ordinal);
    }

    [Fact]
    public void Dockerfile_ProjectFiles_AreAllCopiedBeforeTheRestore()
    {
        string[] copied = [.. Image.All("COPY").SelectMany(arguments => arguments.Split(' '))];
        Assert.All(
            [
                .. Directory.GetFiles(House.PathOf("src"), "*.csproj", SearchOption.AllDirectories),
                .. Directory.GetFiles(House.PathOf("src"), "packages.lock.json", SearchOption.AllDirectories),
            ],
            project => Assert.Contains(Path.GetRelativePath(House.Root, project).Replace('\\', '/'), copied));
    }

    [Fact]
    public void Dockerfile_WhatItCopies_ExistsAndIsNotIgnored()
    {
        string[] allowed = [.. House.Read(".dockerignore").Split('\n')
            .Where(line => line.StartsWith('!')).Select(line => line[1..].TrimEnd('/'))];
        foreach (string arguments in Image.All("COPY").Where(arguments => !arguments.StartsWith("--from", StringComparison.Ordinal)))
        {
            foreach (string source in arguments.Split(' ')[..^1].Select(source => source.TrimEnd('/')))
            {
                Assert.True(Path.Exists(House.PathOf(source)), source);
                Assert.Contains(source.Split('/')[0], allowed);
            }
        }
    }

    [Fact]
    public void HealthCheck_OfBothFiles_IsTheProgramItself()
    {
        string[] check = Image.HealthCheck;
        Assert.Equal(["dotnet", "LossService.Api.dll", "--healthcheck"], check);
        Assert.True(HealthCheckMode.IsAsked(check));
        var health = (Dictionary<object, object>)Service["healthcheck"];
        Assert.Equal(["CMD", .. check], (List<object>)health["test"]);
    }

    [Fact]
    public void Ports_OfServiceImageAndCompose_Agree()
    {
        string port = Assert.Single(Image.LastStage.All("EXPOSE"));
        Assert.Equal("8080", port);
        Assert.Equal(port, Image.LastStage.Value("ASPNETCORE_HTTP_PORTS"));
        Assert.Equal([$"{port}:{port}"], (List<object>)Service["ports"]);
    }

    [Fact]
    public void Compose_Container_IsReadOnlyAndUnprivileged()
    {
        Assert.Equal(NotRoot, Service["user"]);
        Assert.Equal("true", Service["read_only"]);
        Assert.StartsWith("/tmp:", (string)Assert.Single((List<object>)Service["tmpfs"]), StringComparison.Ordinal);
        Assert.Equal(["ALL"], (List<object>)Service["cap_drop"]);
        Assert.Equal(["no-new-privileges:true"], (List<object>)Service["security_opt"]);
        Assert.Equal("unless-stopped", Service["restart"]);
        Assert.Equal("35s", Service["stop_grace_period"]); // the host's own 30 seconds, and some to end in
        Assert.DoesNotContain("privileged", Service.Keys);
        Assert.DoesNotContain("volumes", Service.Keys);
    }

    [SkippableTheory]
    [InlineData("", "", true)]
    // Controls: mistakes that YAML lets pass.
    [InlineData("read_only:", "readonly:", false)]
    [InlineData("cpus: 2", "cpus: [2]", false)]
    [InlineData("- ALL", "ALL: true", false)]
    public async Task Compose_File_KeepsToComposesSchema(string right, string wrong, bool isValid)
    {
        string[] compose = await Engine.AnswersAsync("docker", "compose", "version") ? ["docker", "compose"]
            : await Engine.AnswersAsync("docker-compose", "--version") ? ["docker-compose"] : [];
        Skip.If(compose.Length == 0, "Neither docker compose nor docker-compose is installed here.");
        string file = Path.GetTempFileName();
        string text = House.Read("docker-compose.yml");
        await File.WriteAllTextAsync(file, right.Length == 0 ? text : text.Replace(right, wrong, StringComparison.Ordinal));
        (int code, string output) = await Programs.RunAsync(
            compose[0], [.. compose[1..], "--project-directory", House.Root, "--file", file, "config"]);
        File.Delete(file);
        Assert.True(code == 0 == isValid, output);
    }

    [Fact]
    public void Compose_Memory_IsTwiceThePool()
    {
        Assert.Equal("2g", Service["mem_limit"]);
        Assert.Equal(2L << 30, 2 * new Limits().PoolBytesMax);
        Assert.True(Service.ContainsKey("cpus") && Service.ContainsKey("pids_limit"));
    }

    [Fact]
    public void Compose_Build_IsTheDockerfileFromTheTop()
    {
        var build = (Dictionary<object, object>)Service["build"];
        Assert.Equal(".", build["context"]);
        Assert.True(File.Exists(House.PathOf((string)build["dockerfile"])));
    }

    private static string[] Words(string json) => JsonSerializer.Deserialize<string[]>(json)!;

    private static Dictionary<object, object> ReadService()
    {
        var compose = new DeserializerBuilder().Build().Deserialize<Dictionary<string, Dictionary<string, object>>>(
            House.Read("docker-compose.yml"));
        return (Dictionary<object, object>)Assert.Single(compose["services"]).Value;
    }
}

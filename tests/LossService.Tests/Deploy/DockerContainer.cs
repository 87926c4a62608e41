using System.Globalization;
using LossService.Tests.Examples;
using LossService.Tests.Tidy;

namespace LossService.Tests.Deploy;

/// <summary>Image and container by a Docker engine.</summary>
internal sealed class DockerContainer : IContainer
{
    private readonly string _name = $"lossservice-test-{Guid.NewGuid():n}";

    public HttpClient Client { get; } = new();

    public async Task BuildAsync() =>
        await DockerAsync("build", "--tag", _name, "--file", House.PathOf("deploy/Dockerfile"), House.Root);

    public async Task<long> BytesAsync() => long.Parse(
        await DockerAsync("image", "inspect", "--format", "{{.Size}}", _name), CultureInfo.InvariantCulture);

    public async Task StartAsync()
    {
        await DockerAsync(
            "run", "--detach", "--name", _name, "--read-only", "--tmpfs", "/tmp", "--cap-drop", "ALL",
            "--security-opt", "no-new-privileges", "--publish", "127.0.0.1::8080", _name);
        string address = await DockerAsync("port", _name, "8080/tcp");
        Client.BaseAddress = new($"http://{address}");
    }

    public Task<(int Code, string Output)> CheckHealthAsync() =>
        Programs.RunAsync("docker", ["exec", _name, .. Dockerfile.OfTheService.HealthCheck]);

    public async Task<int> ProcessAsync() => int.Parse(
        await DockerAsync("inspect", "--format", "{{.State.Pid}}", _name), CultureInfo.InvariantCulture);

    public Task<string> LogAsync() => DockerAsync("logs", _name);

    public async Task<int> StopAsync()
    {
        await DockerAsync("stop", "--time", "30", _name);
        int code = int.Parse(await DockerAsync("wait", _name), CultureInfo.InvariantCulture);
        await DockerAsync("rm", _name);
        return code;
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await Programs.RunAsync("docker", "rm", "--force", _name);
        await Programs.RunAsync("docker", "image", "rm", "--force", _name);
    }

    private static async Task<string> DockerAsync(params string[] arguments) =>
        (await Engine.RunAsync("docker", arguments)).Trim();
}

using System.Diagnostics;
using System.Globalization;
using System.Runtime.Versioning;
using System.Text;
using System.Text.Json.Nodes;
using LossService.Tests.Examples;
using LossService.Tests.Tidy;

namespace LossService.Tests.Deploy;

/// <summary>The image by buildah, on stand-ins for its base images that deploy/stand-ins.sh makes; the container by
/// bubblewrap: the image's root read-only, a network with a loopback and nothing else, the image's user.</summary>
[SupportedOSPlatform("linux")]
internal sealed class BuildahContainer : IContainer
{
    private const string Image = "lossservice";
    private const int Port = 8080;

    private readonly string _folder = Directory.CreateTempSubdirectory("lossservice-container-").FullName;
    private readonly StringBuilder _log = new();
    private JsonNode _config = new JsonObject();
    private string _user = "";
    private HttpClient? _client;
    private Process? _process;

    public HttpClient Client => _client!;

    private string Root => Path.Combine(_folder, "root");

    private string[] Storage =>
        ["--storage-driver", "vfs", "--root", Path.Combine(_folder, "storage"), "--runroot", Path.Combine(_folder, "run")];

    public async Task BuildAsync()
    {
        await Engine.RunAsync("bash", [House.PathOf("deploy/stand-ins.sh"), "buildah", .. Storage]);
        // The packages of the last restore, so that the one within asks no registry for what is there.
        string packages = (await Engine.RunAsync(Programs.Dotnet, "nuget", "locals", "global-packages", "--list"))
            .Split("global-packages: ")[1].Trim().TrimEnd('/');
        await BuildahAsync(
            "bud", "--isolation", "chroot", "--format", "docker", "--pull-never", "--tag", Image,
            "--build-arg", "SDK=stand-in/sdk", "--build-arg", "RUNTIME=stand-in/aspnet",
            "--volume", $"{packages}:/root/.nuget/packages:ro",
            "--file", House.PathOf("deploy/Dockerfile"), House.Root);
        JsonNode image = JsonNode.Parse(await BuildahAsync("inspect", "--type", "image", Image))!;
        _config = image["Docker"]!["config"]!;
        _user = ((string)_config["User"]!).Split(':')[0];
        string container = (await BuildahAsync("from", "--pull-never", Image)).Trim();
        string mounted = (await BuildahAsync("mount", container)).Trim();
        // The storage is root's alone; the container's user needs a root that he can reach.
        await Engine.RunAsync("cp", "-a", mounted, Root);
        File.SetUnixFileMode(_folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute
            | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute);
    }

    public Task<long> BytesAsync() => Task.FromResult(
        new DirectoryInfo(Root).EnumerateFiles("*", SearchOption.AllDirectories)
            .Where(file => file.LinkTarget is null).Sum(file => file.Length));

    public async Task StartAsync()
    {
        _process = Process.Start(Programs.Plan("setpriv", [.. Sandbox(), .. Words("Entrypoint")]))!;
        _process.OutputDataReceived += (_, line) => Take(line.Data);
        _process.ErrorDataReceived += (_, line) => Take(line.Data);
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
        _client = NetworkNamespace.ClientOf(await ProcessAsync(), Port);
    }

    public async Task<(int Code, string Output)> CheckHealthAsync() => await Programs.RunAsync(
        "env",
        ["-i", .. Words("Env"), "nsenter", "--target", $"{await ProcessAsync()}", "--user", "--mount", "--net", "--pid",
            "--setuid", _user, "--setgid", _user, $"--wdns={_config["WorkingDir"]}", .. Words("Healthcheck", "Test")[1..]]);

    public async Task<int> ProcessAsync()
    {
        // bubblewrap stays outside; its only child is the service.
        string children = $"/proc/{_process!.Id}/task/{_process.Id}/children";
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        string found;
        while ((found = (await File.ReadAllTextAsync(children, patience.Token)).Trim()).Length == 0)
        {
            await Task.Delay(10, patience.Token);
        }

        return int.Parse(found, CultureInfo.InvariantCulture);
    }

    public Task<string> LogAsync()
    {
        lock (_log)
        {
            return Task.FromResult(_log.ToString());
        }
    }

    public async Task<int> StopAsync()
    {
        await Engine.RunAsync("kill", "-TERM", $"{await ProcessAsync()}");
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        await _process!.WaitForExitAsync(patience.Token);
        return _process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        _client?.Dispose();
        if (_process is { HasExited: false } process)
        {
            process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync();
        }

        _process?.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private string[] Sandbox()
    {
        string[] set = [.. Words("Env").SelectMany(pair => (string[])["--setenv", .. pair.Split('=', 2)])];

        // No --die-with-parent: the parent would be the thread that starts it, which a pool of threads ends when it likes.
        return
        [
            "--reuid", _user, "--regid", _user, "--clear-groups", "bwrap", "--ro-bind", Root, "/", "--tmpfs", "/tmp",
            "--proc", "/proc", "--dev", "/dev", "--unshare-all", "--as-pid-1", "--new-session",
            "--clearenv", .. set, "--chdir", (string)_config["WorkingDir"]!,
        ];
    }

    private string[] Words(params string[] path) =>
        [.. path.Aggregate(_config, (node, name) => node[name]!).AsArray().Select(word => (string)word!)];

    private Task<string> BuildahAsync(params string[] arguments) => Engine.RunAsync("buildah", [.. Storage, .. arguments]);

    private void Take(string? line)
    {
        lock (_log)
        {
            _log.AppendLine(line);
        }
    }
}

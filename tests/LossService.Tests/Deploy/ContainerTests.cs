using System.Text;
using System.Text.Json.Nodes;
using Xunit;

namespace LossService.Tests.Deploy;

/// <summary>The image of deploy/Dockerfile, really built and run.</summary>
[Collection(BuiltContainer.Collection)]
public sealed class ContainerTests(BuiltContainer built)
{
    private const long BytesMax = 160_000_000; // base image and service, unpacked

    [SkippableFact]
    public async Task Service_InItsContainer_AnswersALossAndLogsIt()
    {
        IContainer container = built.Get();
        using var body = new StringContent(
            """{"predictions":[1,2],"targets":[0,4]}""", Encoding.UTF8, "application/json");
        using HttpResponseMessage answer = await container.Client.PostAsync(
            new Uri("/v1/losses/l1_loss", UriKind.Relative), body);
        string text = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.IsSuccessStatusCode, text);
        JsonNode loss = JsonNode.Parse(text)!;
        Assert.Equal(1.5, (double)loss["loss"]!);
        Assert.Equal("[0.5,-0.5]", loss["gradients"]!["predictions"]!.ToJsonString());
        // The line is written after the answer.
        for (int attempt = 0; attempt < 200 && !(await LogAsync()).Contains("l1_loss", StringComparison.Ordinal); attempt++)
        {
            await Task.Delay(20);
        }

        Assert.Contains("\"Loss\":\"l1_loss\"", await LogAsync(), StringComparison.Ordinal);

        Task<string> LogAsync() => container.LogAsync();
    }

    [SkippableFact]
    public async Task HealthCheck_OfTheImage_EndsWith0()
    {
        (int code, string output) = await built.Get().CheckHealthAsync();
        Assert.True(code == 0, output);
    }

    [SkippableFact]
    public async Task Service_AskedToStop_EndsWith0()
    {
        IContainer container = built.Get();
        Assert.Equal(0, await container.StopAsync());
        await BuiltContainer.StartAsync(container); // for the other tests
    }

    [SkippableFact]
    public async Task Process_OfTheContainer_HasNoRights()
    {
        string[] status = await File.ReadAllLinesAsync($"/proc/{await built.Get().ProcessAsync()}/status");
        Assert.Equal(["1654", "1654", "1654", "1654"], Field("Uid"));
        Assert.Equal(["1654", "1654", "1654", "1654"], Field("Gid"));
        Assert.All((string[])["CapPrm", "CapEff", "CapAmb"], set => Assert.Equal(["0000000000000000"], Field(set)));
        Assert.Equal(["1"], Field("NoNewPrivs"));

        string[] Field(string name) => status.Single(line => line.StartsWith($"{name}:", StringComparison.Ordinal))
            .Split('\t', StringSplitOptions.RemoveEmptyEntries)[1..];
    }

    [SkippableFact]
    public async Task Root_OfTheContainer_IsReadOnlyAndTmpIsNot()
    {
        string process = $"/proc/{await built.Get().ProcessAsync()}";
        // Even for the owner of this machine, who asks here.
        foreach (string folder in (string[])["", "app", "etc", "home/app"])
        {
            IOException refused = Assert.Throws<IOException>(() => File.WriteAllText($"{process}/root/{folder}/planted", ""));
            Assert.Contains("Read-only file system", refused.Message, StringComparison.Ordinal);
        }

        string[] mounts = await File.ReadAllLinesAsync($"{process}/mountinfo");
        Assert.Contains(mounts, mount => mount.Contains(" /tmp rw,", StringComparison.Ordinal));
        Assert.Empty(Directory.GetFileSystemEntries($"{process}/root/tmp")); // the service has written nothing
    }

    [SkippableFact]
    public async Task Image_OfTheService_HasNoShellAndStaysSmall()
    {
        IContainer container = built.Get();
        string root = $"/proc/{await container.ProcessAsync()}/root";
        Assert.True(File.Exists($"{root}/app/LossService.Api.dll"));
        Assert.All(
            (string[])["bin/sh", "bin/bash", "usr/bin/sh", "usr/bin/bash"],
            shell => Assert.False(Path.Exists($"{root}/{shell}"), shell));
        Assert.InRange(await container.BytesAsync(), 10_000_000, BytesMax);
    }
}

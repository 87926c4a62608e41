using LossService.Conformance.Native;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using TorchSharp;
using static TorchSharp.torch;

namespace LossService.Benchmarks.Server;

/// <summary>What one writes in an afternoon: Minimal API, JsonSerializer, TorchSharp. Checks and logs nothing.</summary>
internal static class NaiveService
{
    public static void Run(string urls)
    {
        if (!Libtorch.Available)
        {
            throw new InvalidOperationException(Libtorch.Reason);
        }

        WebApplicationBuilder builder = WebApplication.CreateBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls(urls);
        builder.WebHost.ConfigureKestrel(options => options.Limits.MaxRequestBodySize = 256 << 20);
        WebApplication app = builder.Build();
        app.MapGet("/health/ready", () => "ready");
        app.MapPost(Payload.Path, (Question question) => Results.Ok(Compute(question)));
        app.Run();
    }

    private static Answer Compute(Question question)
    {
        using DisposeScope scope = NewDisposeScope();
        int classes = question.Logits[0].Length;
        float[] flat = [.. question.Logits.SelectMany(row => row)];
        Tensor logits = tensor(flat).reshape(question.Logits.Length, classes).requires_grad_(true);
        Tensor loss = nn.functional.cross_entropy(logits, tensor(question.Targets));
        loss.backward();
        float[] gradient = logits.grad!.data<float>().ToArray();
        return new(loss.item<float>(), [.. gradient.Chunk(classes)]);
    }

    private sealed record Question(float[][] Logits, long[] Targets);

    private sealed record Answer(float Loss, float[][] Gradients);
}

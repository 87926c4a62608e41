using System.Buffers;
using System.IO.Pipelines;
using FluentValidation;
using LossService.Api;
using LossService.Api.Endpoints;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;

namespace LossService.Benchmarks.Server;

/// <summary>Returns the bytes it gets, behind all of the service's own middleware, with its limits and blocks of the transport,
/// and validators in an endpoint filter. No service that reads and writes as much can cost less on this server.</summary>
internal static class EchoService
{
    public static void Run(string urls)
    {
        WebApplicationBuilder builder = WebApplication.CreateBuilder();
        builder.WebHost.UseUrls(urls);
        builder.Configuration["WarmUpRounds"] = "0"; // there are no losses here
        builder.AddRequestLine();
        builder.Services.AddLossService();
        var validator = new HeadValidator();
        WebApplication app = builder.Build();
        app.UsePassage();
        app.MapHealth();
        app.MapPost(Payload.Path, (HttpContext http) => EchoAsync(http)).AddEndpointFilter((context, next) =>
            validator.Validate(context.HttpContext.Request).IsValid
                ? next(context)
                : ValueTask.FromResult<object?>(Results.BadRequest()));
        app.Run();
    }

    private static async Task EchoAsync(HttpContext http)
    {
        http.Response.ContentType = http.Request.ContentType;
        PipeReader reader = http.Request.BodyReader;
        PipeWriter writer = http.Response.BodyWriter;
        while (true)
        {
            ReadResult read = await reader.ReadAsync(http.RequestAborted);
            foreach (ReadOnlyMemory<byte> part in read.Buffer)
            {
                writer.Write(part.Span);
            }

            reader.AdvanceTo(read.Buffer.End);
            await writer.FlushAsync(http.RequestAborted);
            if (read.IsCompleted)
            {
                return;
            }
        }
    }

    private sealed class HeadValidator : AbstractValidator<HttpRequest>
    {
        public HeadValidator()
        {
            RuleFor(request => request.ContentType).Must(type => type is "application/json" or Payload.RawType);
            RuleFor(request => request.ContentLength).GreaterThan(0);
        }
    }
}

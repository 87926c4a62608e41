using System.Text;
using System.Text.RegularExpressions;
using LossService.Api;
using LossService.Api.Endpoints;
using LossService.Api.OpenApi;
using LossService.Engine;
using LossService.Engine.Numerics;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Serilog.Core;

namespace LossService.Tests.Faults;

/// <summary>Every endpoint there is, with routing and all that comes before it, behind a server that is the test itself:
/// what a request reads from and writes to breaks where the test says so.</summary>
internal sealed partial class Whole : ITarget, IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly Direct _server = new();
    private readonly ErrorCount _log = new();

    private Whole(IReadOnlyList<Loss> losses)
    {
        Pool = new TensorPool(1L << 30) { PoisonsReturns = true, Lending = bytes => BeforeRent?.Invoke(bytes) };
        WebApplicationBuilder builder = WebApplication.CreateBuilder();
        builder.Configuration.AddInMemoryCollection(
        [
            new("WarmUpRounds", "0"), new("Limits:DrainMillisecondsMax", "0"), new("Limits:QueueMillisecondsMax", "60000"),
        ]);
        builder.AddRequestLine();
        builder.Logging.ClearProviders();
        builder.Services.AddLossService();
        builder.Services.AddOpenApiDocuments();
        builder.Services.Replace(ServiceDescriptor.Singleton(losses));
        builder.Services.Replace(ServiceDescriptor.Singleton(Pool));
        builder.Services.Replace(ServiceDescriptor.Singleton<IServer>(_server));
        builder.Services.Replace(ServiceDescriptor.Singleton<ILogger<ProblemMiddleware>>(_log));
        builder.Services.AddSingleton<ILogEventSink>(_log);
        _app = builder.Build();
        _app.UsePassage();
        _app.MapLosses();
        _app.MapCatalogue();
        _app.MapInfo();
        _app.MapProblems();
        _app.MapHealth();
        _app.MapOpenApiDocuments();
    }

    /// <inheritdoc/>
    public TensorPool Pool { get; }

    /// <inheritdoc/>
    public Action<int>? BeforeRent { get; set; }

    /// <inheritdoc/>
    public int Errors => _log.Errors;

    /// <summary>What the last of them was.</summary>
    public Exception? LastError => _log.Last;

    /// <summary>The patterns of all routes, each with a method that it takes.</summary>
    public IEnumerable<(string Method, string Pattern)> Routes =>
        from source in ((IEndpointRouteBuilder)_app).DataSources
        from endpoint in source.Endpoints.OfType<RouteEndpoint>()
        from method in endpoint.Metadata.GetMetadata<IHttpMethodMetadata>()!.HttpMethods
        select (method, endpoint.RoutePattern.RawText!);

    public static async Task<Whole> StartAsync(IReadOnlyList<Loss> losses)
    {
        var whole = new Whole(losses);
        await whole._app.StartAsync();
        return whole;
    }

    /// <inheritdoc/>
    public async Task<Reply> SendAsync(Call call)
    {
        var outlet = new Outlet(call.BeforeRoom, call.BeforeFlush);
        var head = new Ends.Head(outlet);
        var line = new Ends.Line(call.Gone);
        var features = new FeatureCollection();
        string[] parts = call.Path.Split('?', 2);
        var inlet = new Inlet(call.Body, call.PieceBytes, call.BeforeRead);
        features.Set<IHttpRequestFeature>(new HttpRequestFeature
        {
            Body = inlet.AsStream(),
            Method = call.Method,
            Protocol = HttpProtocol.Http11,
            Scheme = "http",
            Path = parts[0],
            QueryString = parts.Length > 1 ? $"?{parts[1]}" : call.Query,
            Headers = new HeaderDictionary
            {
                ["Content-Type"] = call.ContentType,
                ["Content-Encoding"] = call.ContentEncoding,
                ["Accept"] = call.Accept,
                ["Content-Length"] = call.Body.Length > 0 ? $"{call.Body.Length}" : default,
            },
        });
        features.Set<IHttpResponseFeature>(head);
        features.Set<IHttpResponseBodyFeature>(outlet);
        features.Set<IHttpRequestLifetimeFeature>(line);
        if (call.ContentEncoding is null)
        {
            // Otherwise the pipe is made of the stream that unpacks it.
            features.Set<IRequestBodyPipeFeature>(new Ends.Body(inlet));
        }

        features.Set<IHttpRequestIdentifierFeature>(new HttpRequestIdentifierFeature { TraceIdentifier = "none" });
        await _server.Process(features);
        return new(head.StatusCode, WithoutTrace(outlet.Written), outlet.HasStarted, line.IsBroken);
    }

    // Which no two requests have in common.
    private static byte[] WithoutTrace(byte[] body) =>
        Encoding.Latin1.GetBytes(TraceId().Replace(Encoding.Latin1.GetString(body), "none"));

    [GeneratedRegex("(?<=\"trace_id\": ?\")[0-9a-f]+")]
    private static partial Regex TraceId();

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
    }

    /// <summary>A server without a network: it is handed a request as the features that it is made of.</summary>
    private sealed class Direct : IServer
    {
        public IFeatureCollection Features { get; } = new FeatureCollection();

        public Func<IFeatureCollection, Task> Process { get; private set; } = _ => Task.CompletedTask;

        public Task StartAsync<TContext>(IHttpApplication<TContext> application, CancellationToken cancellationToken)
            where TContext : notnull
        {
            Process = async features =>
            {
                TContext context = application.CreateContext(features);
                await application.ProcessRequestAsync(context);
                application.DisposeContext(context, null);
            };
            return Task.CompletedTask;
        }

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public void Dispose()
        {
        }
    }
}

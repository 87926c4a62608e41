using LossService.Api;
using LossService.Api.Admission;
using LossService.Api.Endpoints;
using LossService.Engine;
using LossService.Engine.Numerics;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Serilog;

namespace LossService.Tests.Faults;

/// <summary>The service's whole way of a compute request without a server around it: log line, problems, filters, codecs,
/// kernels. Thousands of requests a second, each of which a test may break at any point.</summary>
internal sealed class Instance : ITarget, IDisposable
{
    private readonly WebApplication _app;
    private readonly Dictionary<string, RequestDelegate> _ways = [];
    private readonly ErrorCount _log = new();

    public Instance(IReadOnlyList<Loss> losses, params (string Name, string Value)[] settings)
    {
        Pool = new TensorPool(1L << 30) { PoisonsReturns = true, Lending = bytes => BeforeRent?.Invoke(bytes) };
        WebApplicationBuilder builder = WebApplication.CreateBuilder();
        // Nothing may be refused because the machine that tests is busy.
        builder.Configuration.AddInMemoryCollection(
            settings.Append((Name: "QueueMillisecondsMax", Value: "60000")).DistinctBy(one => one.Name).Select(one => KeyValuePair.Create($"Limits:{one.Name}", (string?)one.Value)));
        builder.Logging.ClearProviders();
        builder.Services.AddLossService();
        builder.Services.Replace(ServiceDescriptor.Singleton(losses));
        builder.Services.Replace(ServiceDescriptor.Singleton(Pool));
        _app = builder.Build();
        _app.MapLosses();
        Serilog.ILogger lines = new LoggerConfiguration().MinimumLevel.Debug().WriteTo.Sink(_log).CreateLogger();
        foreach (Endpoint endpoint in ((IEndpointRouteBuilder)_app).DataSources.SelectMany(source => source.Endpoints))
        {
            if (endpoint.Metadata.GetMetadata<Loss>() is { } loss)
            {
                var answering = new ProblemMiddleware(endpoint.RequestDelegate!, _log);
                _ways[loss.Card.Name] = new RequestLine(answering.InvokeAsync, lines).InvokeAsync;
            }
        }
    }

    /// <inheritdoc/>
    public TensorPool Pool { get; }

    /// <summary>What it is made of.</summary>
    public IServiceProvider Services => _app.Services;

    /// <inheritdoc/>
    public Action<int>? BeforeRent { get; set; }

    /// <inheritdoc/>
    public int Errors => _log.Errors;

    /// <inheritdoc/>
    public async Task<Reply> SendAsync(Call call)
    {
        var outlet = new Outlet(call.BeforeRoom, call.BeforeFlush);
        var line = new Ends.Line(call.Gone);
        var http = new DefaultHttpContext
        {
            RequestServices = _app.Services,
            TraceIdentifier = "none", // so that problems repeat to the byte
        };
        http.Features.Set<IHttpResponseFeature>(new Ends.Head(outlet));
        http.Features.Set<IHttpResponseBodyFeature>(outlet);
        http.Features.Set<IHttpRequestLifetimeFeature>(line);
        http.Features.Set<IRequestBodyPipeFeature>(new Ends.Body(new Inlet(call.Body, call.PieceBytes, call.BeforeRead)));
        http.Connection.RemoteIpAddress = call.From;
        http.Request.Method = HttpMethods.Post;
        http.Request.Path = call.Path;
        http.Request.QueryString = new(call.Query);
        http.Request.ContentType = call.ContentType;
        http.Request.Headers[Deadline.Header] = $"{call.TimeLeft}" is { Length: > 0 } left ? left : default(string);
        http.Request.ContentLength = call.HasLength ? call.Body.Length : null;
        http.Request.Headers.Accept = call.Accept;
        await _ways[call.Loss](http);
        return new(http.Response.StatusCode, outlet.Written, outlet.HasStarted, line.IsBroken);
    }

    public void Dispose() => ((IDisposable)_app).Dispose();
}

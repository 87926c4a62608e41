using System.IO.Compression;
using Microsoft.AspNetCore.RequestDecompression;
using Microsoft.Extensions.Options;

namespace LossService.Api;

/// <summary>Takes bodies that were packed for the way: Content-Encoding gzip or deflate.</summary>
/// <remarks>What a body unpacks to is what its limits hold for. How long it was packed says nothing of its price, so
/// it is taken for one of unknown length. Brotli is left out (map: Packed bodies).</remarks>
internal static class Unpacking
{
    /// <summary>What a Content-Encoding may be.</summary>
    public const string Expected = "Content-Encoding: expected gzip or deflate, once, or the body as it is";

    public static void AddUnpacking(this IServiceCollection services) =>
        services.AddRequestDecompression(options =>
        {
            options.DecompressionProviders.Clear();
            options.DecompressionProviders["gzip"] = new PackedBody(
                body => new GZipStream(body, CompressionMode.Decompress), mayFollow: true);
            options.DecompressionProviders["deflate"] = new PackedBody(
                body => new ZLibStream(body, CompressionMode.Decompress), mayFollow: false);
        });

    public static void UseUnpacking(this IApplicationBuilder app)
    {
        IDictionary<string, IDecompressionProvider> known = app.ApplicationServices
            .GetRequiredService<IOptions<RequestDecompressionOptions>>().Value.DecompressionProviders;
        app.Use((http, next) =>
        {
            if (http.Request.Headers.ContentEncoding is [{ } coding] && known.ContainsKey(coding))
            {
                http.Request.ContentLength = null;
            }

            return next(http);
        });
        app.UseRequestDecompression();
    }

    /// <summary>The same before one endpoint.</summary>
    public static RequestDelegate Before(RequestDelegate endpoint, IServiceProvider services)
    {
        var app = new ApplicationBuilder(services);
        app.UseUnpacking();
        app.Run(endpoint);
        return app.Build();
    }
}

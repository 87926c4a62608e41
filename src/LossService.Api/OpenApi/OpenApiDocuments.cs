using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using LossService.Api.Endpoints;
using LossService.Api.Pages;
using Microsoft.OpenApi;
using Swashbuckle.AspNetCore.Swagger;

namespace LossService.Api.OpenApi;

/// <summary>The OpenAPI documents, 3.0 and 3.1, and the page that shows them at <c>/swagger</c>.</summary>
internal static class OpenApiDocuments
{
    private const string Name = "v1";
    private const string Path30 = "/openapi/v1.json";
    private const string Path31 = "/openapi31/v1.json";

    private const string Text =
        """
        Post predictions and targets, get the loss and its exact gradients back.

        Parameters may also stand in the query string, such as `?reduction=sum&dtype=float64`. `Content-Type` and
        `Accept` choose the formats of request and answer, each by itself. Every error is `application/problem+json`,
        lists all mistakes at once, and leads to a page that explains its code.
        """;

    public static void AddOpenApiDocuments(this IServiceCollection services)
    {
        services.ConfigureHttpJsonOptions(options =>
            options.SerializerOptions.PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower);
        services.AddEndpointsApiExplorer();
        services.AddSwaggerGen(options =>
        {
            options.SwaggerDoc(Name, new()
            {
                Title = "LossService",
                Version = Name,
                Description = Text,
            });
            options.CustomSchemaIds(type => type.Name.Replace("View", "", StringComparison.Ordinal));
            options.MapType<JsonNode>(() => new OpenApiSchema());
            options.SupportNonNullableReferenceTypes();
            options.NonNullableReferenceTypesAsRequired();
            foreach (string assembly in (string[])["LossService.Engine", "LossService.Wire", "LossService.Api"])
            {
                options.IncludeXmlComments(Path.Combine(AppContext.BaseDirectory, $"{assembly}.xml"));
            }

            options.SchemaFilter<AnswersMayGrow>();
            options.OperationAsyncFilter<LossOperation>();
            options.OperationFilter<ProblemResponses>();
        });
    }

    public static void MapOpenApiDocuments(this WebApplication app)
    {
        // The catalogue cannot change while the service runs, so each document is written once, when first asked for.
        Rehearsal rehearsal = app.Services.GetRequiredService<Rehearsal>();
        KeptPage page30 = new(rehearsal, () => WriteAsync(app.Services, OpenApiSpecVersion.OpenApi3_0));
        KeptPage page31 = new(rehearsal, () => WriteAsync(app.Services, OpenApiSpecVersion.OpenApi3_1));
        app.MapPage(Path30, page30.ReadAsync).ExcludeFromDescription();
        app.MapPage(Path31, page31.ReadAsync).ExcludeFromDescription();
        app.MapGet("/", () => Results.Redirect("/swagger")).ExcludeFromDescription();
        app.UseSwaggerUI(options =>
        {
            options.DocumentTitle = "LossService";
            options.SwaggerEndpoint(Path30, "OpenAPI 3.0");
            options.SwaggerEndpoint(Path31, "OpenAPI 3.1");
            options.DefaultModelsExpandDepth(-1);
            options.DisplayRequestDuration();
            options.EnableDeepLinking();
            options.EnableTryItOutByDefault();
            options.DocExpansion(Swashbuckle.AspNetCore.SwaggerUI.DocExpansion.List);
        });
    }

    private static async Task<Page> WriteAsync(IServiceProvider services, OpenApiSpecVersion version)
    {
        using IServiceScope scope = services.CreateScope();
        OpenApiDocument document =
            await scope.ServiceProvider.GetRequiredService<IAsyncSwaggerProvider>().GetSwaggerAsync(Name);
        using var text = new StringWriter(CultureInfo.InvariantCulture) { NewLine = "\n" };
        document.SerializeAs(version, new OpenApiJsonWriter(text));
        return new(Encoding.UTF8.GetBytes(text.ToString()));
    }
}

using LossService.Engine;
using LossService.Wire;
using Microsoft.OpenApi;
using Swashbuckle.AspNetCore.SwaggerGen;

namespace LossService.Api.OpenApi;

/// <summary>Adds the problems that an operation may answer with.</summary>
internal sealed class ProblemResponses : IOperationFilter
{
    private static readonly (string Status, string Description)[] Compute =
    [
        ("400", "Not JSON, a member twice, or a wrong JSON type."),
        ("406", "The caller does not take JSON."),
        ("413", "A limit is exceeded; the error names it."),
        ("415", "The body is not JSON."),
        ("422", "The request makes no sense: everything that is wrong, at once."),
        ("503", "Too much to do, or shutting down; Retry-After says when to come back."),
    ];

    public void Apply(OpenApiOperation operation, OperationFilterContext context)
    {
        bool isLoss = context.ApiDescription.ActionDescriptor.EndpointMetadata.OfType<Loss>().Any();
        operation.Responses ??= [];
        if (isLoss)
        {
            foreach ((string status, string description) in Compute)
            {
                operation.Responses[status] = Response(description, context);
            }
        }
        else if (context.ApiDescription.RelativePath!.Contains('{'))
        {
            operation.Responses["404"] = Response("Nothing has this name.", context);
        }
        else if (context.ApiDescription.RelativePath == "health/ready")
        {
            operation.Responses["503"] = Response("Warming up, or shutting down.", context);
        }

        operation.Responses["500"] = Response("A fault of the service.", context);
    }

    private static OpenApiResponse Response(string description, OperationFilterContext context) => new()
    {
        Description = description,
        Content = new Dictionary<string, IOpenApiMediaType>
        {
            [Problem.MediaType] = new OpenApiMediaType
            {
                Schema = context.SchemaGenerator.GenerateSchema(typeof(Problem), context.SchemaRepository),
            },
        },
    };
}

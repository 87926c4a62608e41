using LossService.Api.Admission;
using Microsoft.OpenApi;

namespace LossService.Api.OpenApi;

/// <summary>Parameters outside the body that all losses share.</summary>
internal static class SharedParameters
{
    private const string Name = "timeout";

    /// <summary>How long a caller waits.</summary>
    public static IOpenApiParameter Timeout(OpenApiDocument document)
    {
        OpenApiComponents components = document.Components ??= new();
        components.Parameters ??= new Dictionary<string, IOpenApiParameter>();
        components.Parameters.TryAdd(Name, new OpenApiParameter
        {
            Name = Deadline.Header,
            In = ParameterLocation.Header,
            Description = "How many milliseconds you still wait: what cannot be answered by then is not begun, what is "
                + "not finished by then is given up, and you are told so (504).",
            Schema = new OpenApiSchema { Type = JsonSchemaType.Integer, Minimum = "0" },
        });
        return new OpenApiParameterReference(Name, document);
    }
}

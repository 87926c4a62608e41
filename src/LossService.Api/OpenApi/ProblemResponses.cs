using System.Buffers;
using System.Text.Json.Nodes;
using LossService.Engine;
using LossService.Wire;
using Microsoft.OpenApi;
using Swashbuckle.AspNetCore.SwaggerGen;

namespace LossService.Api.OpenApi;

/// <summary>Adds the problems that an operation may answer with; the responses themselves stand once in the
/// document.</summary>
internal sealed class ProblemResponses : IOperationFilter
{
    private static readonly Dictionary<string, string> Descriptions = new()
    {
        ["400"] = "A malformed body, a member twice, or a wrong type.",
        ["404"] = "Nothing has this name.",
        ["406"] = "The caller takes no format of the answer.",
        ["408"] = "The body arrived too slowly.",
        ["413"] = "A limit is exceeded; the error names it.",
        ["415"] = "The body is in no format that is read.",
        ["422"] = "The request makes no sense: everything that is wrong, at once.",
        ["429"] = "Too much to do; Retry-After says when to come back.",
        ["431"] = "The request line or the headers pass a limit; the error names it.",
        ["500"] = "A fault of the service.",
        ["503"] = "Warming up or shutting down; Retry-After says when to come back.",
        ["504"] = "The time that X-Timeout-Ms leaves is up.",
    };

    public void Apply(OpenApiOperation operation, OperationFilterContext context)
    {
        string path = context.ApiDescription.RelativePath!;
        string[] statuses = context.ApiDescription.ActionDescriptor.EndpointMetadata.OfType<Loss>().Any()
            ? ["400", "406", "408", "413", "415", "422", "429", "431", "500", "503", "504"]
            : path.Contains('{') ? ["404", "406", "431", "500"]
            : path == "health/ready" ? ["431", "500", "503"] : ["406", "431", "500"];
        operation.Responses ??= [];
        foreach (string status in statuses)
        {
            operation.Responses[status] = Shared(status, context);
        }
    }

    private static OpenApiResponseReference Shared(string status, OperationFilterContext context)
    {
        string name = $"problem_{status}";
        OpenApiComponents components = context.Document.Components ??= new();
        components.Responses ??= new Dictionary<string, IOpenApiResponse>();
        components.Responses.TryAdd(name, new OpenApiResponse
        {
            Description = Descriptions[status],
            Content = new Dictionary<string, IOpenApiMediaType>
            {
                [Problem.MediaType] = new OpenApiMediaType
                {
                    Schema = context.SchemaGenerator.GenerateSchema(typeof(Problem), context.SchemaRepository),
                    Examples = ProblemKinds.All.Where(kind => $"{kind.Status}" == status)
                        .ToDictionary(kind => kind.Code, Example),
                },
            },
        });
        return new(name, context.Document);
    }

    // A mistake of the body's comes with the place where it stands.
    private static IOpenApiExample Example(ProblemKind kind)
    {
        Problem problem = kind.Status is 400 or 422
            ? Problem.From(new Mistake("/logits", kind.Code, kind.Meaning)) : Problem.Of(kind.Code, kind.Meaning);
        var json = new ArrayBufferWriter<byte>();
        problem.Write(json);
        return new OpenApiExample { Summary = kind.Title, Value = JsonNode.Parse(json.WrittenSpan) };
    }
}

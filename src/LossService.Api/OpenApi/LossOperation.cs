using System.Text.Json.Nodes;
using LossService.Engine;
using LossService.Engine.Cards;
using Microsoft.OpenApi;
using Swashbuckle.AspNetCore.SwaggerGen;

namespace LossService.Api.OpenApi;

/// <summary>Describes a loss's endpoint from its card.</summary>
internal sealed class LossOperation : IOperationFilter
{
    private const string Json = "application/json";

    public void Apply(OpenApiOperation operation, OperationFilterContext context)
    {
        Loss? loss = context.ApiDescription.ActionDescriptor.EndpointMetadata.OfType<Loss>().FirstOrDefault();
        if (loss is null)
        {
            return;
        }

        LossCard card = loss.Card;
        var shared = new SharedSchemas(context.Document, context.SchemaRepository);
        context.SchemaRepository.AddDefinition($"{card.Name}_request", LossSchemas.Request(card, shared));
        context.SchemaRepository.AddDefinition($"{card.Name}_answer", LossSchemas.Answer(card, shared));
        operation.Summary = card.Summary;
        operation.Description = LossText.Of(card);
        operation.Tags = new HashSet<OpenApiTagReference> { new(card.Family, context.Document) };
        operation.RequestBody = new OpenApiRequestBody
        {
            Required = true,
            Content = new Dictionary<string, IOpenApiMediaType>
            {
                [Json] = new OpenApiMediaType
                {
                    Schema = new OpenApiSchemaReference($"{card.Name}_request", context.Document),
                    Examples = card.Examples.ToDictionary(example => example.Name, Named),
                },
            },
        };
        operation.Responses = new()
        {
            ["200"] = new OpenApiResponse
            {
                Description = "The loss and its gradients.",
                Content = new Dictionary<string, IOpenApiMediaType>
                {
                    [Json] = new OpenApiMediaType
                    {
                        Schema = new OpenApiSchemaReference($"{card.Name}_answer", context.Document),
                    },
                },
            },
        };
    }

    private static IOpenApiExample Named(Example example) => new OpenApiExample
    {
        Summary = example.Meaning,
        Value = JsonNode.Parse(example.Body),
    };
}

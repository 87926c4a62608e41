using System.Text.Json.Nodes;
using LossService.Engine;
using LossService.Engine.Cards;
using Microsoft.OpenApi;
using Swashbuckle.AspNetCore.SwaggerGen;

namespace LossService.Api.OpenApi;

/// <summary>Describes a loss's endpoint from its card; the answers shown are those that the service gives.</summary>
internal sealed class LossOperation(Rehearsal rehearsal, MediaTypes mediaTypes) : IOperationAsyncFilter
{
    private const string Json = "application/json";

    public async Task ApplyAsync(
        OpenApiOperation operation, OperationFilterContext context, CancellationToken cancellationToken)
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
        operation.Parameters = [SharedParameters.Timeout(context.Document)];
        operation.RequestBody = new OpenApiRequestBody
        {
            Required = true,
            Content = InEveryFormat(shared, new OpenApiMediaType
            {
                Schema = new OpenApiSchemaReference($"{card.Name}_request", context.Document),
                Examples = card.Examples.ToDictionary(example => example.Name, Named),
            }),
        };
        operation.Responses = new()
        {
            ["200"] = new OpenApiResponse
            {
                Description = "The loss and its gradients.",
                Content = InEveryFormat(shared, new OpenApiMediaType
                {
                    Schema = new OpenApiSchemaReference($"{card.Name}_answer", context.Document),
                    Examples = await AnswersAsync(loss),
                }),
            },
        };
    }

    private Dictionary<string, IOpenApiMediaType> InEveryFormat(SharedSchemas shared, OpenApiMediaType json)
    {
        var content = new Dictionary<string, IOpenApiMediaType> { [Json] = json };
        foreach (string name in mediaTypes.Names)
        {
            content.TryAdd(name, new OpenApiMediaType { Schema = shared.Binary() });
        }

        return content;
    }

    private async Task<Dictionary<string, IOpenApiExample>> AnswersAsync(Loss loss)
    {
        var answers = new Dictionary<string, IOpenApiExample>();
        foreach (Example example in loss.Card.Examples)
        {
            (int status, byte[] answer) = await rehearsal.PostAsync(loss, example.Body);
            if (status == StatusCodes.Status200OK)
            {
                answers[example.Name] =
                    new OpenApiExample { Summary = example.Meaning, Value = JsonNode.Parse(answer) };
            }
        }

        return answers;
    }

    private static IOpenApiExample Named(Example example) => new OpenApiExample
    {
        Summary = example.Meaning,
        Value = JsonNode.Parse(example.Body),
    };
}

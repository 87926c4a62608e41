using System.Text.Json.Nodes;
using LossService.Api.Pages;
using LossService.Engine.Cards;
using Microsoft.OpenApi;

namespace LossService.Api.OpenApi;

/// <summary>Schemas of what cards describe, in one style.</summary>
internal static class Schemas
{
    /// <summary>An object with these properties; a closed one has no others.</summary>
    public static OpenApiSchema Object(
        IDictionary<string, IOpenApiSchema> properties, bool closed, params string[] required) => new()
        {
            Type = JsonSchemaType.Object,
            Properties = properties,
            Required = required.Length == 0 ? null : new SortedSet<string>(required, StringComparer.Ordinal),
            AdditionalPropertiesAllowed = !closed,
        };

    /// <summary>A shared schema with a description of its own, which a bare reference could not carry in 3.0.</summary>
    public static OpenApiSchema Described(IOpenApiSchema shared, string description) =>
        new() { AllOf = [shared], Description = description };

    /// <summary>A parameter: type, default, range or words, and what it does.</summary>
    public static OpenApiSchema Of(Parameter parameter)
    {
        JsonSchemaType type = parameter.Kind switch
        {
            ParameterKind.Flag => JsonSchemaType.Boolean,
            ParameterKind.Choice => JsonSchemaType.String,
            ParameterKind.Integer => JsonSchemaType.Integer,
            _ => JsonSchemaType.Number,
        };
        var schema = new OpenApiSchema
        {
            Type = parameter.Nullable ? type | JsonSchemaType.Null : type,
            Description = parameter.Meaning,
            Default = ParameterView.ValueOf(parameter) ?? (parameter.Nullable ? JsonNullSentinel.JsonNull : null),
        };
        if (parameter.Kind == ParameterKind.Choice)
        {
            schema.Enum = [.. parameter.Words.Select(word => (JsonNode)JsonValue.Create(word))];
            if (parameter.Nullable)
            {
                schema.Enum.Add(JsonNullSentinel.JsonNull);
            }
        }
        else if (parameter.Kind != ParameterKind.Flag)
        {
            Bound(schema, parameter);
        }

        return schema;
    }

    /// <summary>An array of these.</summary>
    public static OpenApiSchema Array(IOpenApiSchema items) => new() { Type = JsonSchemaType.Array, Items = items };

    /// <summary>A string that is one of these words.</summary>
    public static OpenApiSchema Words(params IEnumerable<string> words) => new()
    {
        Type = JsonSchemaType.String,
        Enum = [.. words.Select(word => (JsonNode)JsonValue.Create(word))],
    };

    private static void Bound(OpenApiSchema schema, Parameter parameter)
    {
        string? min = Text(parameter.Min);
        schema.Minimum = parameter.MinOpen || parameter.NullAlias is not null ? null : min;
        schema.ExclusiveMinimum = parameter.MinOpen && parameter.NullAlias is null ? min : null;
        string? max = Text(parameter.Max);
        schema.Maximum = parameter.MaxOpen ? null : max;
        schema.ExclusiveMaximum = parameter.MaxOpen ? max : null;
    }

    private static string? Text(double bound) =>
        PageWords.Finite(bound)?.ToString("R", System.Globalization.CultureInfo.InvariantCulture);
}

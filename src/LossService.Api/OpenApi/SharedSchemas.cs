using System.Text.Json.Nodes;
using LossService.Engine.Cards;
using LossService.Wire.Numbers;
using Microsoft.OpenApi;
using Swashbuckle.AspNetCore.SwaggerGen;

namespace LossService.Api.OpenApi;

/// <summary>The schemas that all losses share: tensors in their three forms, numbers that may not be finite, and what
/// stands in every answer.</summary>
internal sealed class SharedSchemas(OpenApiDocument document, SchemaRepository repository)
{
    /// <summary>A tensor of the input's kind; labels where some form has them are numbers that may be whole.</summary>
    public IOpenApiSchema TensorOf(Input input) =>
        input.IsFlag ? Tensor("FlagTensor", "NestedFlags", "booleans", Boolean(), DtypeNames.Json.Integers)
        : !input.MayBeLabel ? Numbers()
        : input.MayBeNumber ? Tensor("MixedTensor", "NestedNumbers", "numbers or labels", Number(), DtypeNames.Json.All)
        : Tensor("LabelTensor", "NestedLabels", "whole numbers", new() { Type = JsonSchemaType.Integer }, DtypeNames.Json.All);

    /// <summary>A tensor of numbers.</summary>
    public IOpenApiSchema Numbers() => Tensor("Tensor", "NestedNumbers", "numbers", Number(), DtypeNames.Json.All);

    /// <summary>A number of an answer: null stands for one that is not finite when the request says so.</summary>
    public IOpenApiSchema AnswerNumber() => Shared("AnswerNumber", () => new()
    {
        Description = "A number; NaN and infinities as strings, or null with non_finite: \"null\".",
        OneOf = [new OpenApiSchema { Type = JsonSchemaType.Number | JsonSchemaType.Null }, NonFinite()],
    });

    /// <summary>A request or an answer as bytes.</summary>
    public IOpenApiSchema Binary() => Shared("Binary", () => new()
    {
        Type = JsonSchemaType.String,
        Format = "binary",
        Description = "Tensors as they stand in memory: those of the request named as the inputs, those of the answer "
            + "`loss`, `losses`, `gradients.<input>`, `hessian.<input>` and the loss's own outputs. Parameters stand in the query or in "
            + "`__metadata__`, as text.",
    });

    /// <summary>What a mean divided by.</summary>
    public IOpenApiSchema Normalizer() => Shared("Normalizer", () =>
    {
        OpenApiSchema schema = Schemas.Object(
            new Dictionary<string, IOpenApiSchema>
            {
                ["rule"] = Schemas.Words("count", "sum_weights", "avg_factor", "batch", "pairs", "nonzero"),
                ["value"] = new OpenApiSchema { Type = JsonSchemaType.Number },
            },
            closed: false, "rule", "value");
        schema.Description = "What a mean divided by.";
        return schema;
    });

    /// <summary>Something that the caller should know.</summary>
    public IOpenApiSchema Note() => Shared("Note", () =>
    {
        OpenApiSchema schema = Schemas.Object(
            new Dictionary<string, IOpenApiSchema>
            {
                ["code"] = new OpenApiSchema { Type = JsonSchemaType.String },
                ["detail"] = new OpenApiSchema { Type = JsonSchemaType.String },
                ["count"] = new OpenApiSchema { Type = JsonSchemaType.Integer },
                ["values"] = new OpenApiSchema
                {
                    Type = JsonSchemaType.Object,
                    AdditionalProperties = AnswerNumber(),
                },
            },
            closed: false, "code", "detail");
        schema.Description = "Something that happened which the caller should know.";
        return schema;
    });

    /// <summary>A common parameter that a loss takes as it is.</summary>
    public IOpenApiSchema CommonParameter(Parameter parameter) => Shared(parameter.Name, () => Schemas.Of(parameter));

    private OpenApiSchemaReference Tensor(
        string name, string nestedName, string elements, OpenApiSchema element, IReadOnlyList<string> dtypes) =>
        Shared(name, () =>
        {
            IOpenApiSchema nested = Shared(nestedName, () => new()
            {
                Description = $"One element, or arrays in arrays of them; all rows of one axis are equally long.",
                OneOf = [element, Schemas.Array(Reference(nestedName))],
            });
            return new()
            {
                Description = $"A tensor of {elements}: arrays in arrays, a shape with a flat list, or a shape with "
                    + "base64 (row-major, little-endian; of the request's dtype, or bool, unless it says another).",
                OneOf = [nested, Flat(element), Base64(dtypes)],
            };
        });

    private static OpenApiSchema Flat(OpenApiSchema element) => Schemas.Object(
        new Dictionary<string, IOpenApiSchema> { ["shape"] = Shape(), ["data"] = Schemas.Array(element) },
        closed: true, "shape", "data");

    private static OpenApiSchema Base64(IReadOnlyList<string> dtypes) => Schemas.Object(
        new Dictionary<string, IOpenApiSchema>
        {
            ["shape"] = Shape(),
            ["dtype"] = Schemas.Words([.. dtypes]),
            ["base64"] = new OpenApiSchema { Type = JsonSchemaType.String, Format = "byte" },
        },
        closed: true, "shape", "base64");

    private static OpenApiSchema Shape() => new()
    {
        Type = JsonSchemaType.Array,
        Items = new OpenApiSchema { Type = JsonSchemaType.Integer, Minimum = "0" },
        MaxItems = Engine.Numerics.Shape.RankMax,
    };

    private static OpenApiSchema Boolean() => new() { Type = JsonSchemaType.Boolean };

    private static OpenApiSchema Number() => new()
    {
        OneOf = [new OpenApiSchema { Type = JsonSchemaType.Number }, NonFinite()],
    };

    private static OpenApiSchema NonFinite() => new()
    {
        Type = JsonSchemaType.String,
        Enum = [JsonValue.Create("NaN"), JsonValue.Create("Infinity"), JsonValue.Create("-Infinity")],
    };

    private OpenApiSchemaReference Reference(string name) => new(name, document);

    private OpenApiSchemaReference Shared(string name, Func<OpenApiSchema> make)
    {
        if (!repository.Schemas.ContainsKey(name))
        {
            repository.AddDefinition(name, make());
        }

        return Reference(name);
    }
}

using Microsoft.OpenApi;
using Swashbuckle.AspNetCore.SwaggerGen;

namespace LossService.Api.OpenApi;

/// <summary>Answers gain members over time, and leave out what is absent instead of writing null.</summary>
internal sealed class AnswersMayGrow : ISchemaFilter
{
    public void Apply(IOpenApiSchema schema, SchemaFilterContext context)
    {
        if (schema is not OpenApiSchema { Type: JsonSchemaType.Object } answer)
        {
            return;
        }

        answer.AdditionalPropertiesAllowed = true;
        foreach (IOpenApiSchema property in answer.Properties?.Values ?? [])
        {
            if (property is OpenApiSchema own)
            {
                own.Type &= ~JsonSchemaType.Null;
            }
        }
    }
}

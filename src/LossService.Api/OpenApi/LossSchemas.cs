using LossService.Engine.Cards;
using Microsoft.OpenApi;

namespace LossService.Api.OpenApi;

/// <summary>One loss's own request and answer, from its card.</summary>
internal static class LossSchemas
{
    /// <summary>Inputs, own parameters, common members; nothing else is accepted.</summary>
    public static OpenApiSchema Request(LossCard card, SharedSchemas shared)
    {
        var members = new Dictionary<string, IOpenApiSchema>();
        foreach (Input input in card.Inputs)
        {
            members[input.Name] = Schemas.Described(shared.TensorOf(input), LossText.Of(card, input));
        }

        foreach (Parameter parameter in card.Parameters)
        {
            members[parameter.Name] = Schemas.Of(parameter);
        }

        foreach (Parameter parameter in CommonMembers.Of(card))
        {
            members[parameter.Name] = Common.Parameters.Contains(parameter)
                ? shared.CommonParameter(parameter) : Schemas.Of(parameter);
        }

        foreach (Input input in Common.Tensors)
        {
            members[input.Name] = Schemas.Described(shared.TensorOf(input), input.Meaning);
        }

        OpenApiSchema gradients = Schemas.Array(Schemas.Words(Differentiable(card)));
        gradients.UniqueItems = true;
        gradients.Description = "The inputs to differentiate, each once; [] for none. Unless given: "
            + $"{string.Join(", ", card.Inputs.Where(input => input.Gradient == GradientRule.Default).Select(input => input.Name))}.";
        members[Common.GradientsName] = gradients;
        return Schemas.Object(members, closed: true,
            [.. card.Inputs.Where(input => Requirements.IsRequired(card, input)).Select(input => input.Name)]);
    }

    /// <summary>Loss, items, gradients and what belongs to them. Answers may grow members.</summary>
    public static OpenApiSchema Answer(LossCard card, SharedSchemas shared)
    {
        var members = new Dictionary<string, IOpenApiSchema>
        {
            ["loss"] = Schemas.Described(shared.AnswerNumber(), "The reduced loss; absent for reduction none."),
            ["losses"] = Schemas.Described(shared.Numbers(), $"The loss of each item [{card.Items}]; for reduction none, or with return_items."),
            ["gradients"] = ByInput(card, shared, "The gradient by each differentiated input, in that input's shape."),
        };
        if (card.HasHessian)
        {
            members["hessian"] = ByInput(card, shared, "The diagonal of the second derivative, for a hessian other than none.");
        }

        foreach (Output output in card.Outputs)
        {
            members[output.Name] = Schemas.Described(shared.Numbers(), $"{output.Meaning} Shape [{output.Shape}].");
        }

        members["normalizer"] = shared.Normalizer();
        members["dtype"] = Schemas.Words(Common.Dtype.Words);
        members[Common.Seed.Name] = new OpenApiSchema { Type = JsonSchemaType.Integer, Description = "What draws began with, where something was drawn." };
        members["notes"] = Schemas.Array(shared.Note());
        return Schemas.Object(members, closed: false, "gradients", "dtype");
    }

    private static OpenApiSchema ByInput(LossCard card, SharedSchemas shared, string description)
    {
        OpenApiSchema schema = Schemas.Object(
            Differentiable(card).ToDictionary(name => name, _ => shared.Numbers()), closed: true);
        schema.Description = description;
        return schema;
    }

    private static IEnumerable<string> Differentiable(LossCard card) =>
        card.Inputs.Where(input => input.Gradient != GradientRule.Never).Select(input => input.Name);
}

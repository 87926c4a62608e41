using LossService.Engine;
using LossService.Engine.Cards;
using LossService.Engine.Numerics;

namespace LossService.Conformance.Oracles.Harness;

/// <summary>A question to an oracle: plain arrays and settings under the names they have in an HTTP request.</summary>
/// <param name="Loss">The loss's canonical name.</param>
internal sealed record OracleRequest(string Loss)
{
    /// <summary>The loss's inputs and <c>weight</c>; <c>sample_weight</c>, <c>mask</c>, <c>grad_output</c>.</summary>
    public Dictionary<string, OracleArray> Inputs { get; init; } = [];

    /// <summary>
    /// What was given of the loss's parameters and the common members: a number, a bool, a word, or null. What is
    /// absent takes the oracle's own default, so that a wrong default on a card shows; only <c>dtype</c> differs from
    /// the contract and is <c>float64</c>. The caller settles presets, except where they change a formula or a rule.
    /// </summary>
    public Dictionary<string, object?> Parameters { get; init; } = [];

    /// <summary>The inputs to differentiate; null for all that take part as numbers, weights excepted.</summary>
    public IReadOnlyList<string>? Gradients { get; init; }

    /// <summary>The question that the engine is asked, in the same dtype. It must be resolved.</summary>
    public static OracleRequest Of(LossRequest request)
    {
        LossCard card = request.Card;
        var question = new OracleRequest(card.Name)
        {
            Gradients = [.. card.Inputs.Where((_, place) => (request.Gradients >> place & 1) == 1).Select(i => i.Name)],
        };
        for (int place = 0; place < card.Inputs.Count + Common.Tensors.Count; place++)
        {
            if (request.HasInput(place))
            {
                question.Inputs[card.InputAt(place).Name] =
                    OracleArray.Of(request.Tensor(place) ?? request.LabelTensor(place)!);
            }
        }

        for (int place = 0; place < card.Parameters.Count + Common.Parameters.Count; place++)
        {
            if (request.IsGiven(place))
            {
                Parameter parameter = card.ParameterAt(place);
                question.Parameters[parameter.Name] = ToSetting(parameter, request[parameter]);
            }
        }

        question.Parameters["dtype"] = request.IsFloat64 ? "float64" : "float32";
        return question;
    }

    /// <summary>The same numbers, already rounded as they are, asked for the truth.</summary>
    public OracleRequest InFloat64() => this with { Parameters = new(Parameters) { ["dtype"] = "float64" } };

    /// <summary>The question in words, for a test that fails.</summary>
    public string Describe()
    {
        IEnumerable<string> inputs = Inputs.Select(input =>
            $"{input.Key} {input.Value.DescribeShape()} = {string.Join(", ", input.Value.Values.Take(12))}");
        return $"{Loss}: {string.Join("; ", inputs.Concat(Parameters.Select(p => $"{p.Key} = {p.Value ?? "null"}")))}";
    }

    private static object? ToSetting(Parameter parameter, double value) => parameter.Kind switch
    {
        _ when double.IsNaN(value) => null,
        ParameterKind.Flag => value == 1,
        ParameterKind.Choice => parameter.Words[(int)value],
        _ => value,
    };
}

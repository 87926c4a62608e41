using LossService.Conformance.Oracles.Harness;
using LossService.Engine;
using LossService.Engine.Cards;
using LossService.Engine.Families;
using LossService.Engine.Numerics;

namespace LossService.Conformance.Agreement;

/// <summary>Puts the questions of oracles to the engine, and its answers into their form.</summary>
internal sealed class EngineSide
{
    private readonly Workshop _workshop = new(new TensorPool(1L << 30) { PoisonsReturns = true });

    /// <summary>Answers as the service would, but differentiates every input that can be.</summary>
    /// <returns>The question, settled and ready for an oracle, and the engine's answer.</returns>
    public (OracleRequest Settled, OracleAnswer Answer) Answer(OracleRequest question)
    {
        Loss loss = Catalogue.All.Single(loss => loss.Card.Name == question.Loss);
        using LossRequest request = Build(loss.Card, question);
        request.Resolve();
        bool solved = ShapeSolver.Solve(request);
        if (!solved || !request.Mistakes.IsEmpty)
        {
            throw new InvalidOperationException(string.Join("; ", request.Mistakes.All));
        }

        request.Gradients = Differentiable(request);
        using LossResult result = loss.Run(request, _workshop);
        return (OracleRequest.Of(request), new()
        {
            Loss = result.Loss,
            Losses = result.Losses is null ? new([]) : OracleArray.Of(result.Losses),
            Normalizer = result.Normalizer is null ? null : (result.Normalizer.Rule, result.Normalizer.Value),
            Gradients = ByName(loss.Card, result.Gradients),
            Hessians = ByName(loss.Card, result.Hessians),
        });
    }

    private static ulong Differentiable(LossRequest request) => Enumerable.Range(0, request.Card.Inputs.Count)
        .Where(place => request.Card.Inputs[place].Gradient != GradientRule.Never
            && request.Solution!.Form(place) is { Kind: InputKind.Number })
        .Aggregate(0UL, (chosen, place) => chosen | (1UL << place));

    private LossRequest Build(LossCard card, OracleRequest question)
    {
        var request = new LossRequest(card);
        foreach ((string name, object? value) in question.Parameters)
        {
            int place = card.PlaceOfParameter(name);
            request.Set(place, ToValue(card.ParameterAt(place), value));
        }

        request.Set(card.PlaceOfParameter("return_items"), 1);
        foreach ((string name, OracleArray array) in question.Inputs)
        {
            int place = card.PlaceOfInput(name);
            Input input = card.InputAt(place);
            request.Set(
                place,
                input.IsFlag ? Rent(array, Element.Flag) : input.MayBeNumber ? Rent(array, request.FloatElement) : null,
                input.MayBeLabel ? Rent(array, Element.Label) : null);
        }

        return request;
    }

    private Tensor Rent(OracleArray array, Element element)
    {
        var tensor = Tensor.Rent(_workshop.Pool, new Shape([.. array.Shape.Select(length => (int)length)]), element);
        for (int i = 0; i < array.Values.Length; i++)
        {
            double value = array.Values[i];
            switch (element)
            {
                case Element.Float64:
                    tensor.Float64[i] = value;
                    break;
                case Element.Float32:
                    tensor.Float32[i] = (float)value;
                    break;
                case Element.Label:
                    tensor.Label[i] = value == Math.Truncate(value) ? (int)value : Labels.NotAnInteger;
                    break;
                default:
                    tensor.Flag[i] = (byte)value;
                    break;
            }
        }

        return tensor;
    }

    private static double ToValue(Parameter parameter, object? value) => value switch
    {
        null => double.NaN,
        bool flag => flag ? 1 : 0,
        string word => parameter.ValueOf(word),
        _ => (double)value,
    };

    private static Dictionary<string, OracleArray> ByName(LossCard card, Tensor?[] tensors) => tensors
        .Select((tensor, place) => (tensor, card.Inputs[place].Name))
        .Where(named => named.tensor is not null)
        .ToDictionary(named => named.Name, named => OracleArray.Of(named.tensor!));
}

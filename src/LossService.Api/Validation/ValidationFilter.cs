using FluentValidation;
using FluentValidation.Results;
using LossService.Engine;
using LossService.Engine.Cards;
using LossService.Engine.Numerics;
using Microsoft.AspNetCore.Http.Features;

namespace LossService.Api.Validation;

/// <summary>Stands before a loss's endpoint: lets a request pass only when nothing is wrong with it, and otherwise
/// leaves everything that is in its <see cref="LossRequest.Mistakes"/>.</summary>
internal sealed class ValidationFilter(IValidator<LossRequest> validator) : IEndpointFilter
{
    /// <inheritdoc/>
    public ValueTask<object?> InvokeAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        LossRequest request = context.HttpContext.Features.GetRequiredFeature<LossRequest>();
        if (!ReadingBrokeOff(request.Mistakes))
        {
            Check(request);
        }

        return request.Mistakes.IsEmpty ? next(context) : default;
    }

    /// <summary>Adds everything that is wrong with a request that was read to its end.</summary>
    internal void Check(LossRequest request)
    {
        foreach (ValidationFailure failure in validator.Validate(request).Errors)
        {
            request.Mistakes.Add((Mistake)failure.CustomState);
        }

        if (FirstInputIsSound(request))
        {
            ShapeSolver.Solve(request);
        }

        ElementCheck.Run(request);
    }

    // The first input of the card introduces the lengths that all others are compared with: when it is missing or could
    // not be read, another would take its place, and its shape would be called wrong.
    private static bool FirstInputIsSound(LossRequest request)
    {
        for (int place = 0; place < request.Card.Inputs.Count && !request.HasInput(place); place++)
        {
            if (request.Mistakes.Has($"/{request.Card.Inputs[place].Name}"))
            {
                return false;
            }
        }

        return true;
    }

    // What the reader did not reach cannot be judged: it would only seem to be missing.
    private static bool ReadingBrokeOff(Mistakes mistakes)
    {
        foreach (Mistake mistake in mistakes.All)
        {
            if (mistake.Code is Codes.MalformedJson or Codes.LimitExceeded
                || mistake is { Pointer: "", Code: Codes.WrongType })
            {
                return true;
            }
        }

        return false;
    }
}

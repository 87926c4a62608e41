using FluentValidation;
using LossService.Engine;

namespace LossService.Api.Validation;

/// <summary>Everything that a request's card lets one say about it without looking at elements. Written once for all
/// losses; stateless, so one instance serves all requests.</summary>
internal sealed class RequestValidator : AbstractValidator<LossRequest>
{
    public RequestValidator()
    {
        Include(new InputRules());
        Include(new ParameterRules());
        Include(new MeanRules());
    }
}

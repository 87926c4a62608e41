using FluentValidation;
using LossService.Engine;

namespace LossService.Api.Validation;

/// <summary>Everything that a card lets one say about a request without looking at shapes and elements, which the
/// engine judges. Written once for all losses; stateless, so that one instance serves all requests.</summary>
internal sealed class RequestValidator : AbstractValidator<LossRequest>
{
    public RequestValidator()
    {
        Include(new InputRules());
        Include(new ParameterRules());
    }
}

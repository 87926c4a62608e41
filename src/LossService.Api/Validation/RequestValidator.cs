using FluentValidation;
using LossService.Engine;

namespace LossService.Api.Validation;

/// <summary>Everything that a card lets one say about a request without looking at shapes and elements, which the
/// engine judges. Written once for all losses; stateless, so that one instance serves all requests.</summary>
/// <remarks>The rules stand in this one validator: each that is included makes a context of its own for every
/// request.</remarks>
internal sealed class RequestValidator : AbstractValidator<LossRequest>
{
    public RequestValidator()
    {
        this.AddInputRules();
        this.AddParameterRules();
    }
}

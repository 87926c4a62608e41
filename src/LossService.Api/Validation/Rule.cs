using FluentValidation;
using FluentValidation.Results;
using LossService.Engine;

namespace LossService.Api.Validation;

/// <summary>How a rule reports: a FluentValidation failure that carries the engine's mistake.</summary>
internal static class Rule
{
    /// <summary>Runs a named method over the whole request.</summary>
    public static void Add(this AbstractValidator<LossRequest> validator, Action<LossRequest, ValidationContext<LossRequest>> rule) =>
        validator.RuleFor(request => request).Custom(rule);

    /// <summary>Adds a mistake.</summary>
    public static void Refuse(this ValidationContext<LossRequest> context, Mistake mistake) =>
        context.AddFailure(new ValidationFailure(mistake.Pointer, mistake.Detail)
        {
            ErrorCode = mistake.Code,
            CustomState = mistake,
        });
}

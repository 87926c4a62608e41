using FluentValidation;
using FluentValidation.Results;
using LossService.Engine;

namespace LossService.Api.Validation;

/// <summary>How a rule reports: a FluentValidation failure that carries the engine's mistake.</summary>
internal static class Rule
{
    /// <summary>Runs a named method over the whole request.</summary>
    public static void Add(
        this AbstractValidator<LossRequest> validator, Action<LossRequest, ValidationContext<LossRequest>> rule) =>
        validator.RuleFor(request => request).Custom(rule);

    /// <summary>Adds a mistake; where they help, with what was expected and what was found.</summary>
    public static void Refuse(
        this ValidationContext<LossRequest> context, string pointer, string code, string detail,
        string? expected = null,
        string? found = null) =>
        context.Refuse(new Mistake(pointer, code, detail) { Expected = expected, Found = found });

    /// <summary>Adds a mistake.</summary>
    public static void Refuse(this ValidationContext<LossRequest> context, Mistake mistake) =>
        context.AddFailure(new ValidationFailure(mistake.Pointer, mistake.Detail)
        {
            ErrorCode = mistake.Code,
            CustomState = mistake,
        });
}

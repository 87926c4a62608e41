using FluentValidation;
using FluentValidation.Results;
using LossService.Engine;

namespace LossService.Api.Validation;

/// <summary>How a rule reports: a FluentValidation failure that carries the engine's mistake.</summary>
internal static class Rule
{
    /// <summary>Runs named methods over the whole request, one after the other.</summary>
    /// <remarks>All of them under one rule of the library, which costs as much as several of ours.</remarks>
    public static void Add(
        this AbstractValidator<LossRequest> validator,
        params Action<LossRequest, ValidationContext<LossRequest>>[] rules) =>
        validator.RuleFor(request => request).Custom((request, context) =>
        {
            foreach (Action<LossRequest, ValidationContext<LossRequest>> rule in rules)
            {
                rule(request, context);
            }
        });

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

using Microsoft.Extensions.Options;

namespace LossService.Api;

/// <summary>Refuses to start with a limit outside its range, and says which.</summary>
internal sealed class LimitsInRange : IValidateOptions<Limits>
{
    /// <inheritdoc/>
    public ValidateOptionsResult Validate(string? name, Limits options) =>
        options.OutOfRange().ToArray() is { Length: > 0 } wrong
            ? ValidateOptionsResult.Fail(wrong) : ValidateOptionsResult.Success;
}

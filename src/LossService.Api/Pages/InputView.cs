using LossService.Engine.Cards;

namespace LossService.Api.Pages;

/// <summary>One tensor that a loss takes.</summary>
/// <param name="Name">The member's name.</param>
/// <param name="Meaning">What it is.</param>
/// <param name="Forms">The ways it may be written, most usual first.</param>
/// <param name="Gradient">default, on_request or never.</param>
/// <param name="Optional">True when it may be left out.</param>
/// <param name="OneOf">The name of a set of inputs of which exactly one is given.</param>
/// <param name="Beside">The input that it accompanies: refused without that, and required beside it unless
/// optional.</param>
public sealed record InputView(
    string Name, string Meaning, IReadOnlyList<FormView> Forms, string Gradient, bool Optional, string? OneOf,
    string? Beside)
{
    internal static InputView Of(Input input) => new(
        input.Name, input.Meaning, [.. input.Forms.Select(FormView.Of)], PageWords.Of(input.Gradient), input.Optional,
        input.OneOf, input.Beside);
}

/// <summary>One way of writing an input.</summary>
/// <param name="Shape">The axes by symbol; <c>*</c> stands for any number of axes, with a prime for all of them but the last; empty for a single value.</param>
/// <param name="Kind">number, label, flag, length or place.</param>
/// <param name="Min">The least value.</param>
/// <param name="Max">The greatest value.</param>
/// <param name="Values">The only values, when they can be listed.</param>
/// <param name="Finite">True when NaN and infinities are refused.</param>
/// <param name="Classes">For labels and places: the axis whose length they stay below; for lengths: the
/// axis that they count on.</param>
/// <param name="Background">True where the label equal to the number of classes is the background.</param>
/// <param name="TargetType">The value of <c>target_type</c> that asks for this form.</param>
public sealed record FormView(
    string Shape, string Kind, double? Min, double? Max, IReadOnlyList<double>? Values, bool? Finite, string? Classes,
    bool? Background, string? TargetType)
{
    internal static FormView Of(InputForm form)
    {
        bool isNumber = form.Kind == InputKind.Number;
        return new(
            form.Axes, PageWords.Of(form.Kind), isNumber ? PageWords.Finite(form.Domain.Min) : null,
            isNumber ? PageWords.Finite(form.Domain.Max) : null,
            form.Domain.Values,
            isNumber ? form.Domain.Finite : null,
            form.IsInteger ? form.Classes : null, form.Background ? true : null, form.TargetType);
    }
}

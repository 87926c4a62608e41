using LossService.Conformance.Oracles.Harness;
using LossService.Engine.Cards;

namespace LossService.Conformance.Agreement;

/// <content>The numbers of an input.</content>
internal sealed partial class RandomRequest
{
    private double Number(InputForm form, Input input)
    {
        if (form.Kind == InputKind.Flag)
        {
            return Chance(0.8) ? 1 : 0;
        }

        if (form.Kind == InputKind.Length)
        {
            int most = _lengths[form.Classes!];
            int least = (int)Math.Max(0, form.Domain.Min);
            return Chance(0.6) ? most : _random.Next(least, most + 1);
        }

        if (form.Except is { } except)
        {
            object? refused = _request.Parameters.GetValueOrDefault(except.Name, except.Default);
            int classes = _lengths[form.Classes!];
            return ((double)refused! + 1 + _random.Next(classes - 1)) % classes;
        }

        if (form.Domain == Domain.Identity)
        {
            return _random.Next(-1, 2);
        }

        if (form.Kind == InputKind.Label && form.Classes is not null)
        {
            return _random.Next(form.Domain.Min == -1 ? -1 : 0, _lengths[form.Classes] + (form.Background ? 1 : 0));
        }

        Domain domain = form.Domain;
        if (domain.Values is { } values)
        {
            return values[_random.Next(values.Count)];
        }

        // Predictions may be anywhere between their bounds, targets and weights also on them.
        bool edge = input.Gradient != GradientRule.Default && Chance(0.2);
        return (double.IsFinite(domain.Min), double.IsFinite(domain.Max)) switch
        {
            (true, true) when edge => Chance(0.5) ? domain.Min : domain.Max,
            (true, true) => domain.Min + ((domain.Max - domain.Min) * _random.NextDouble()),
            (true, false) when edge => domain.Min,
            (true, false) => domain.Min + Math.Abs(Normal(2)),
            (false, true) => domain.Max - Math.Abs(Normal(2)),
            _ => Math.Clamp(Normal(Chance(0.2) ? 10 : 2), -20, 20),
        };
    }
}

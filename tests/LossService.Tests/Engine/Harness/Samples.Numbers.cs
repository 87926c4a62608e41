using LossService.Engine.Cards;
using LossService.Engine.Lanes;

namespace LossService.Tests.Engine.Harness;

/// <content>The numbers of an input.</content>
internal sealed partial class Samples
{
    private double Number(Question question, Input input, InputForm form, Symbols shapes, Wish wish)
    {
        if (form.Kind == InputKind.Flag)
        {
            return Chance(0.8) ? 1 : 0;
        }

        if (form.Kind == InputKind.Place)
        {
            return 0; // drawn row by row
        }

        if (form.Kind == InputKind.Length)
        {
            int most = shapes.Length(form.Classes!);
            int least = (int)Math.Max(0, form.Domain.Min);
            return Chance(0.6) ? most : _random.Next(least, most + 1);
        }

        if (form.Except is { } except)
        {
            int classes = shapes.Length(form.Classes!); // any but the one that is refused
            return (question.Parameters.GetValueOrDefault(except.Name, except.Default) + 1 + _random.Next(Math.Max(1, classes - 1))) % classes;
        }

        if (form.Kind == InputKind.Label)
        {
            bool ignored = wish.Ignored && card.IgnoreIndex is not null && Chance(0.1);
            return ignored ? question.Parameters.GetValueOrDefault("ignore_index", card.IgnoreIndex!.Default)
                : form.Domain == Domain.Identity ? _random.Next(-1, 3)
                : form.Classes is null ? form.Domain.Values![_random.Next(form.Domain.Values.Count)]
                : _random.Next(form.Domain.Min == -1 ? -1 : 0, shapes.Length(form.Classes!) + (form.Background ? 1 : 0));
        }

        Values values = wish.Values;
        Domain domain = form.Domain;
        if (domain.Values is { } listed)
        {
            return listed[_random.Next(listed.Count)];
        }

        if (values == Values.Extreme && !domain.Finite && Chance(0.15))
        {
            return Extremes[_random.Next(Extremes.Length)];
        }

        double number = values != Values.Smooth && Chance(0.7) ? Grid[_random.Next(Grid.Length)] : 2 * Normal();
        if (double.IsFinite(domain.Min) && double.IsFinite(domain.Max))
        {
            bool edge = values != Values.Smooth ? Chance(0.5) : input.Gradient != GradientRule.Default && Chance(0.15);
            return edge ? Math.Round(_random.NextDouble()) : 0.02 + (0.96 * _random.NextDouble());
        }

        return double.IsFinite(domain.Min) ? domain.Min + Math.Abs(number)
            : double.IsFinite(domain.Max) ? domain.Max - Math.Abs(number) : number;
    }
}

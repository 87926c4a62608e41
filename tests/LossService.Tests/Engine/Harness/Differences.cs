using LossService.Engine.Cards;
using Xunit;

namespace LossService.Tests.Engine.Harness;

/// <summary>Central differences in float64, by the rule of the catalogue: steps of about 6.06e-6, 1e-6 relative and 1e-8
/// absolute tolerance, and no verdict near a kink.</summary>
internal sealed class Differences(Random random, int pointsMax)
{
    private const double Step = 6.06e-6;

    /// <summary>How many elements were compared.</summary>
    public int Compared { get; private set; }

    /// <summary>How many elements sat too near to a kink to tell.</summary>
    public int Kinks { get; private set; }

    /// <summary>Holds the gradient of every input against differences of the items.</summary>
    public void CheckGradients(Question question)
    {
        question = Bench.Frozen(question);
        Answer start = Bench.Ask(question);
        double[] upstream = Upstream(question, start);
        foreach ((string input, double[] gradient) in start.Gradients)
        {
            Check(question, start, input, gradient, "gradient", Noise(upstream, start), (_, moved) => Total(upstream, start.Losses, moved.Losses));
        }
    }

    /// <summary>Holds the diagonal of the Hessian of every input against differences of its gradient.</summary>
    public void CheckHessians(Question question)
    {
        question = Bench.Frozen(question.Without(Common.GradOutput.Name)).With("hessian", "diagonal");
        Answer start = Bench.Ask(question);
        foreach ((string input, double[] hessian) in start.Hessians)
        {
            double noise = 1e-15 * start.Gradients[input].Append(0).Max(Math.Abs);
            Check(question, start, input, hessian, "hessian", noise, (place, moved) =>
            {
                // What a mean divides by is a constant, even where targets weigh in it: it is frozen.
                double frozen = start.Normalizer is { Value: > 0 } ? moved.Normalizer!.Value / start.Normalizer.Value : 1;
                return (moved.Gradients[input][place] * frozen) - start.Gradients[input][place];
            });
        }
    }

    /// <summary>Holds the gradient between the slopes to the left and to the right, which at a kink is all one can ask.</summary>
    public void CheckSubgradients(Question question)
    {
        question = Bench.Frozen(question);
        Answer start = Bench.Ask(question);
        double[] upstream = Upstream(question, start);
        double noise = Noise(upstream, start);
        if (!double.IsFinite(noise))
        {
            return; // where the loss is infinite it has no slopes
        }

        foreach ((string input, double[] gradient) in start.Gradients)
        {
            foreach (int place in Places(gradient.Length))
            {
                if (IsOutside(start, place, gradient.Length))
                {
                    continue;
                }

                (Func<double, double> move, double h) = Move(
                    question, input, place, moved => Total(upstream, start.Losses, moved.Losses));
                double right = move(h) / h;
                double left = -move(-h) / h;
                double slack = (1e-4 * (1 + Math.Abs(left) + Math.Abs(right))) + (noise / h);
                if (h == 0 || !(Math.Max(Math.Abs(left), Math.Abs(right)) < 1e4))
                {
                    continue; // an edge of the domain, or of the loss itself
                }

                Compared++;
                double found = gradient[place];
                bool between = found >= Math.Min(left, right) - slack && found <= Math.Max(left, right) + slack;
                Assert.True(between || Jumps(move, h) || Jumps(move, -h),
                    $"{input}[{place}]: {found} is not between {left} and {right} of {question}");
            }
        }
    }

    // Where the loss jumps, as ranks do, a shorter step changes it as much, and there is no slope on that side.
    private static bool Jumps(Func<double, double> move, double h) => Math.Abs(move(h / 8)) > Math.Abs(move(h)) / 2;

    private void Check(
        Question question, Answer start, string input, double[] derivative, string kind, double noise,
        Func<int, Answer, double> measure)
    {
        foreach (int place in Places(derivative.Length))
        {
            if (IsOutside(start, place, derivative.Length))
            {
                continue;
            }

            (Func<double, double> move, double h) = Move(question, input, place, moved => measure(place, moved));
            if (h == 0)
            {
                continue;
            }

            double expected = (move(h) - move(-h)) / (2 * h);
            double found = derivative[place];
            double tolerance = 1e-8 + (1e-6 * Math.Max(Math.Abs(found), Math.Abs(expected))) + (noise / h);
            if (Math.Abs(found - expected) <= tolerance)
            {
                Compared++;
            }
            else if (HasKink(move, 5 * h))
            {
                Kinks++;
            }
            else
            {
                Assert.Fail($"{kind} of {input}[{place}] is {found:R}, differences say {expected:R}: {question}");
            }
        }
    }

    // Outside of its own domain, as the logarithm of a rate below 0, a loss has neither value nor slope.
    private static bool IsOutside(Answer start, int place, int of) => start.Losses.Length > 0
        && double.IsNaN(start.Losses[(int)((long)place * start.Losses.Length / of)]);

    /// <summary>A function of a small step at one element, 0 at 0, and the step to take; 0 at the edge of the domain.</summary>
    private static (Func<double, double> Move, double H) Move(
        Question question, string input, int place, Func<Answer, double> measure)
    {
        Given given = question.Inputs[input];
        Domain domain = question.Card.Inputs[question.Card.PlaceOfInput(input)].Forms
            .First(form => form.Kind == InputKind.Number).Domain;
        double x = given.Values[place];
        double room = Math.Min(x - domain.Min, domain.Max - x);
        if (domain is { IsBox: true, Finite: true })
        {
            room = Math.Abs(given.Values[(place / 4 * 4) + ((place + 2) % 4)] - x); // to the opposite corner
        }

        double h = Step * (double.IsFinite(room) ? Math.Min(room, 1) : Math.Max(1, Math.Abs(x)));
        return (step => measure(Bench.Ask(question.With(input, given.At(place, x + step)))), h);
    }

    // Three estimates of the second derivative: from the left, the middle and the right. They agree unless there is a kink
    // between them.
    private static bool HasKink(Func<double, double> move, double h)
    {
        double square = h * h;
        (double l2, double l1, double r1, double r2) = (move(-2 * h), move(-h), move(h), move(2 * h));
        double left = (l2 - (2 * l1)) / square;
        double middle = (l1 + r1) / square;
        double right = (r2 - (2 * r1)) / square;
        double size = new[] { l2, l1, r1, r2 }.Max(Math.Abs);
        double tolerance = (0.05 * new[] { left, middle, right }.Max(Math.Abs)) + (1e-14 * size / square) + 1e-6;
        return !(Math.Abs(left - middle) <= tolerance && Math.Abs(right - middle) <= tolerance);
    }

    // What each item's slope is multiplied by: the chain from the items to the number that is differentiated.
    private static double[] Upstream(Question question, Answer answer)
    {
        double factor = question.Parameters.GetValueOrDefault("loss_weight", 1);
        double divisor = answer.Normalizer?.Value ?? 1;
        factor = divisor == 0 ? 0 : factor / divisor;
        Given? given = question.Inputs.GetValueOrDefault(Common.GradOutput.Name);
        int items = answer.Losses.Length;
        double[] shares = answer.Normalizer is null ? [] : SharesOfLengths(question, answer);
        return [.. Enumerable.Range(0, items).Select(item => factor * (shares.Length == 0 ? 1 : shares[item])
            * (given is null ? 1 : given.Values[(int)((long)item * given.Values.Length / items)]))];
    }

    // What a mean that divides each item by its length too makes of the items; none where it is as others are.
    private static double[] SharesOfLengths(Question question, Answer answer)
    {
        if (question.Card.LengthNormalization is not { } parameter
            || question.Parameters.GetValueOrDefault(parameter.Name, parameter.Default) != parameter.Default)
        {
            return [];
        }

        double[] divided = Bench.Ask(question.With(parameter.Name, "always")).Losses;
        return [.. divided.Zip(answer.Losses, (part, item) => item == 0 || !double.IsFinite(item) ? 1 : part / item)];
    }

    // What rounding the items may do to a difference.
    private static double Noise(double[] upstream, Answer start) =>
        1e-15 * upstream.Zip(start.Losses, (factor, item) => Math.Abs(factor * item)).Append(0).Max();

    private static double Total(double[] upstream, double[] start, double[] moved)
    {
        double total = 0;
        for (int item = 0; item < start.Length; item++)
        {
            // What did not change adds exactly nothing, so that large items elsewhere cost no digits.
            total += start[item].Equals(moved[item]) ? 0 : upstream[item] * (moved[item] - start[item]);
        }

        return total;
    }

    private IEnumerable<int> Places(int length) => length <= pointsMax
        ? Enumerable.Range(0, length)
        : Enumerable.Range(0, pointsMax).Select(_ => random.Next(length));
}

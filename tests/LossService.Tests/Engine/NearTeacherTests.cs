using System.Globalization;
using LossService.Tests.Engine.Harness;
using Xunit;

namespace LossService.Tests.Engine;

/// <summary>A divergence is second order in what sets its sides apart: between logits that are nearly alike it keeps its
/// digits and its sign.</summary>
[Trait("Set", "Engine")]
public sealed class NearTeacherTests
{
    [Theory]
    [InlineData("kl_divergence", "q_logits", "p_logits", "")]
    [InlineData("kl_divergence", "q_logits", "p_logits", ""","hessian":"diagonal" """)]
    [InlineData("kd_loss", "student_logits", "teacher_logits", "")]
    [InlineData("kd_loss", "student_logits", "teacher_logits", ""","temperature":4""")]
    [InlineData("kd_loss", "student_logits", "teacher_logits", ""","hessian":"diagonal" """)]
    [InlineData("kd_loss", "student_logits", "teacher_logits", ""","gradients":["student_logits","teacher_logits"]""")]
    public void Divergence_OfLogitsNearlyAlike_KeepsItsDigitsAndSign(string loss, string student, string teacher, string more)
    {
        double temperature = more.Contains("temperature", StringComparison.Ordinal) ? 4 : 1;
        foreach (string dtype in new[] { "float32", "float64" })
        {
            bool isNarrow = dtype == "float32";
            double ulp = isNarrow ? 1.2e-7 : 2.3e-16;
            foreach ((int classes, double gap, double shift) in
                from classes in new[] { 2, 3, 7, 16, 17, 40, 1000 }
                from gap in new[] { 3, 0.3, 0.06, 1e-2, 1e-3, 1e-4, 1e-5 }
                from shift in new[] { 0.0, 40 }
                select (classes, gap, shift))
            {
                var random = new Random(classes);
                double[] z = [.. Enumerable.Range(0, classes).Select(_ => Round((random.NextDouble() * 6) - 3))];
                double[] x = [.. z.Select(score => Round(score + shift + (gap * ((random.NextDouble() * 2) - 1))))];
                double expected = temperature * temperature * Divergence(z, x, temperature);
                Answer answer = Bench.Ask(loss, FormattableString.Invariant(
                    $$"""{"{{student}}":[[{{Text(x)}}]],"{{teacher}}":[[{{Text(z)}}]],"dtype":"{{dtype}}"{{more}}}"""));

                // Scores of a similar size differ exactly, others by what their own last bits say; what both
                // logarithms of the sums are off by counts by its square.
                double apart = gap / temperature;
                double tolerance = (1000 * ulp) + Math.Pow(8 * ulp / apart, 2) + (shift == 0 ? 0 : 200 * ulp / apart);
                Assert.True(
                    answer.Loss >= 0 && Math.Abs(answer.Loss.Value - expected) <= tolerance * expected,
                    $"{loss}, {classes} classes that differ by {gap} and {shift} in {dtype}: {answer.Loss:R}, expected {expected:R}");

                double Round(double value) => isNarrow ? (float)value : value;
            }
        }
    }

    [Theory]
    [InlineData("p", "q")]
    [InlineData("log_p", "log_q")]
    [InlineData("p_logits", "q_logits")]
    public void DistanceFromTheMiddle_OfSidesNearlyAlike_KeepsItsDigits(string onP, string onQ)
    {
        foreach ((string dtype, int classes, double gap) in
            from dtype in new[] { "float32", "float64" }
            from classes in new[] { 2, 3, 7, 16, 17, 40, 1000 }
            from gap in new[] { 3, 0.3, 0.1, 1e-2, 1e-3, 1e-4, 1e-5 }
            select (dtype, classes, gap))
        {
            double ulp = dtype == "float32" ? 1.2e-7 : 2.3e-16;
            var random = new Random(classes);
            double[] z = [.. Enumerable.Range(0, classes).Select(_ => (random.NextDouble() * 6) - 3)];
            double[] x = [.. z.Select(score => score + (gap * ((random.NextDouble() * 2) - 1)))];
            double[] p = Written(z);
            double[] q = Written(x);
            (double loss, double[] slopes) = FromTheMiddle(onQ, p, q);
            Answer answer = Bench.Ask("js_divergence", FormattableString.Invariant(
                $$"""{"{{onP}}":[[{{Text(p)}}]],"{{onQ}}":[[{{Text(q)}}]],"dtype":"{{dtype}}"}"""));

            string what = $"{onP}, {classes} classes that differ by {gap} in {dtype}";
            double tolerance = (40 * ulp) + (onQ == "q_logits" ? Math.Pow(8 * ulp / gap, 2) : 0);
            Assert.True(
                Math.Abs(answer.Loss!.Value - loss) <= tolerance * loss, $"{what}: {answer.Loss:R}, expected {loss:R}");
            double largest = slopes.Max(Math.Abs);
            double[] found = answer.Gradients[onQ];
            int worst = Enumerable.Range(0, classes).MaxBy(c => Math.Abs(found[c] - slopes[c]));
            Assert.True(
                Math.Abs(found[worst] - slopes[worst]) <= 40 * ulp * largest,
                $"{what}: slope {worst} is {found[worst]:R}, expected {slopes[worst]:R} beside {largest:R}");

            double[] Written(double[] scores)
            {
                double log = onQ == "q_logits" ? 0 : LogSum(scores, 1);
                return [.. scores.Select(score => Round(onQ == "q" ? Math.Exp(score - log) : score - log))];
            }

            double Round(double value) => dtype == "float32" ? (float)value : value;
        }
    }

    // With t = (q - p) / (q + p) a class adds (p + q)/4 times Σ t^2k / (k (2k - 1)), and log(q/m) is log(1 + t).
    private static (double Loss, double[] Slopes) FromTheMiddle(string form, double[] p, double[] q)
    {
        bool isLogits = form == "q_logits";
        (double logP, double logQ) = isLogits ? (LogSum(p, 1), LogSum(q, 1)) : (0, 0);
        double loss = 0;
        double[] slopes = new double[q.Length];
        double[] shares = new double[q.Length];
        for (int c = 0; c < q.Length; c++)
        {
            double mine = form == "q" ? p[c] : Math.Exp(p[c] - logP);
            shares[c] = form == "q" ? q[c] : Math.Exp(q[c] - logQ);
            double t = form == "q" ? (q[c] - p[c]) / (q[c] + p[c]) : Math.Tanh((q[c] - p[c] - (logQ - logP)) / 2);
            double series = 0;
            for (int k = 2000; k > 0; k--)
            {
                series += Math.Pow(t, 2 * k) / (k * ((2 * k) - 1));
            }

            loss += (mine + shares[c]) / 4 * series;
            double onePlus = 1 + t;
            double log = onePlus == 1 ? t : Math.Log(onePlus) * t / (onePlus - 1); // Kahan's log1p
            slopes[c] = 0.5 * log * (form == "q" ? 1 : shares[c]);
        }

        double sum = isLogits ? slopes.Sum() : 0;
        return (loss, [.. slopes.Select((slope, c) => slope - (shares[c] * sum))]);
    }

    // The scores of one class differ by 1e-6, so that the gaps of all others are smaller still; numbers of 60 digits.
    [Theory]
    [InlineData(1, "1,2,3,0.5", "1,2,3.000001,0.5", "-5.385031052208441e-08,-1.4638032054905897e-07,2.328924954378334e-07,-3.266186436669002e-08", "5.3850317565469515e-08,1.4638033969496473e-07,-2.3289252589915328e-07,3.266186863871904e-08")]
    [InlineData(1, "-3,2,3,0.5", "-2.999999,2,3,0.5", "1.7036970283703903e-09,-4.322555047010746e-10,-1.1749922836803246e-09,-9.644923998899114e-11", "-1.7036961794295621e-09,4.3225528931104925e-10,1.1749916981895324e-09,9.644919192898029e-11")]
    [InlineData(4, "-3,2,3,0.5", "-2.999999,2,3,0.5", "8.020963838406528e-08,-2.6994662835988348e-08,-3.466183319632503e-08,-1.855314235175189e-08", "-8.020963012134459e-08,2.6994660055158467e-08,3.4661829625668786e-08,1.855314044051733e-08")]
    [InlineData(1, "-8,2,3,0.5", "-7.999999,2,3,0.5", "1.151843723036271e-11,-2.9224139124903417e-12,-7.943944633558399e-12,-6.520786843139694e-13", "-1.1518431471277729e-11,2.922412451317291e-12,7.943940661678246e-12,6.520783582821925e-13")]
    public void DivergencesGradients_OfLogitsNearlyAlike_KeepTheirDigits(
        double temperature, string teacher, string student, string onStudent, string onTeacher)
    {
        foreach (string gradients in new[] { "[\"student_logits\"]", "[\"student_logits\",\"teacher_logits\"]" })
        {
            Answer kd = Bench.Ask("kd_loss", FormattableString.Invariant(
                $$"""{"student_logits":[[{{student}}]],"teacher_logits":[[{{teacher}}]],"temperature":{{temperature}},"gradients":{{gradients}}}"""));
            AssertNear(onStudent, kd.Gradients["student_logits"]);
            AssertNear(onTeacher, kd.Gradients.GetValueOrDefault("teacher_logits", []));
        }

        if (temperature == 1)
        {
            foreach (string more in new[] { "", ""","hessian":"diagonal" """ })
            {
                Answer kl = Bench.Ask("kl_divergence", $$"""{"q_logits":[[{{student}}]],"p_logits":[[{{teacher}}]]{{more}}}""");
                AssertNear(onStudent, kl.Gradients["q_logits"]);
                AssertNear(onTeacher, kl.Gradients["p_logits"]);
            }
        }
    }

    private static void AssertNear(string expected, double[] found)
    {
        foreach ((string text, double number) in expected.Split(',').Zip(found))
        {
            double wanted = double.Parse(text, CultureInfo.InvariantCulture);
            Assert.True(Math.Abs(number - wanted) <= 1e-13 * Math.Abs(wanted), $"{number:R}, expected {wanted:R}");
        }
    }

    private static string Text(double[] numbers) =>
        string.Join(',', numbers.Select(number => FormattableString.Invariant($"{number:R}")));

    // Σ p (e^g - 1 - g): an error that all gaps share counts by its square alone, so plain logarithms do.
    private static double Divergence(double[] z, double[] x, double temperature)
    {
        double logZ = LogSum(z, temperature);
        double offset = LogSum(x, temperature) - logZ;
        return z.Zip(x, (own, other) =>
            Math.Exp((own / temperature) - logZ) * Excess(((other - own) / temperature) - offset)).Sum();
    }

    private static double LogSum(double[] z, double temperature) => Math.Log(z.Sum(one => Math.Exp(one / temperature)));

    // By its series: the library's ExpM1 is a difference that loses what is asked for.
    private static double Excess(double gap)
    {
        double sum = 0;
        double term = gap;
        for (int i = 2; i < 60; i++)
        {
            term *= gap / i;
            sum += term;
        }

        return sum;
    }
}

using System.Globalization;
using System.Numerics;
using System.Text;

namespace LossService.Tests.Wire.Numbers;

/// <summary>Random number texts of many forms, and what the framework reads from them.</summary>
internal static class Texts
{
    public static CultureInfo Culture => CultureInfo.InvariantCulture;

    public static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);

    public static float Float(string text) => float.Parse(text, CultureInfo.InvariantCulture);

    public static double Double(string text) => double.Parse(text, CultureInfo.InvariantCulture);

    /// <summary>Finite floats of every exponent, uniform over bit patterns.</summary>
    public static float AnyFloat(Random random)
    {
        while (true)
        {
            float value = BitConverter.Int32BitsToSingle(random.Next(int.MinValue, int.MaxValue));
            if (float.IsFinite(value))
            {
                return value;
            }
        }
    }

    /// <summary>Finite doubles of every exponent, uniform over bit patterns.</summary>
    public static double AnyDouble(Random random)
    {
        while (true)
        {
            double value = BitConverter.Int64BitsToDouble(random.NextInt64(long.MinValue, long.MaxValue));
            if (double.IsFinite(value))
            {
                return value;
            }
        }
    }

    /// <summary>A well-formed JSON number: what services send, short ones, long ones, extreme ones, near halves.
    /// </summary>
    public static string Any(Random random)
    {
        CultureInfo culture = CultureInfo.InvariantCulture;
        switch (random.Next(10))
        {
            case 0:
                return Decimal(random, random.Next(1, 12), random.Next(0, 12), exponent: false);
            case 1:
                return Decimal(random, random.Next(1, 30), random.Next(0, 30), exponent: true);
            case 2:
                return Decimal(random, random.Next(1, 300), random.Next(0, 700), exponent: random.Next(2) == 0);
            case 3:
                return AnyFloat(random).ToString("R", culture);
            case 4:
                return AnyDouble(random).ToString("R", culture);
            case 5:
                return ((random.NextDouble() * 20) - 10).ToString("G" + random.Next(1, 18), culture);
            case 6:
                return random.Next(-100, 100).ToString(culture);
            case 7:
                return Half(random, AnyFloat(random));
            case 8:
                return (AnyFloat(random) * 1.0000001).ToString("E" + random.Next(1, 25), culture);
            default:
                return ((random.NextSingle() * 8) - 4).ToString("F" + random.Next(1, 17), culture);
        }
    }

    /// <summary>Texts of up to 19 digits about a random middle between two numbers that have one bit less: the middle
    /// itself, and what lies next to it, in full and with fewer digits.</summary>
    public static IEnumerable<string> Middles(Random random, int bits)
    {
        long middle = random.NextInt64(1L << (bits - 1), 1L << bits) | 1;
        int fraction = random.Next(bits == 25 ? 17 : 5);
        BigInteger digits = middle * BigInteger.Pow(5, fraction);
        while (digits << 1 < BigInteger.Pow(10, 19) && random.Next(4) != 0)
        {
            digits <<= 1;
        }

        foreach (int beside in (int[])[-1, 0, 1])
        {
            yield return Plain(digits + beside, fraction);
            yield return $"{digits + beside}e-{fraction}";
        }

        for (; fraction > 0 && digits > 1_000_000_000_000; fraction--)
        {
            digits /= 10;
            yield return Plain(digits, fraction - 1);
            yield return Plain(digits + 1, fraction - 1);
        }

        static string Plain(BigInteger digits, int fraction)
        {
            string text = digits.ToString(Culture).PadLeft(fraction + 1, '0');
            return fraction == 0 ? text : text.Insert(text.Length - fraction, ".");
        }
    }

    /// <summary>A run as it stands in an array, with whitespace now and then; the numbers alone in
    /// <paramref name="numbers"/>.</summary>
    public static string Run(Random random, int count, Func<string> next, List<string> numbers)
    {
        var text = new StringBuilder();
        string gap = random.Next(3) switch { 0 => "", 1 => " ", _ => "?" };
        for (int i = 0; i < count; i++)
        {
            numbers.Add(next());
            text.Append(Gap()).Append(numbers[^1]).Append(i + 1 < count ? Gap(before: true) + "," : "");
        }
        return text.ToString();

        string Gap(bool before = false) => gap != "?" ? before ? "" : gap : random.Next(6) switch
        {
            0 => "\n",
            1 => " \t",
            2 => "\r\n        ",
            _ => "",
        };
    }

    // The exact middle between a float and its neighbour, or a hair beside it.
    private static string Half(Random random, float value)
    {
        double middle = ((double)value + MathF.BitIncrement(value)) / 2;
        if (!double.IsFinite(middle))
        {
            middle = value;
        }
        string text = middle.ToString("E" + random.Next(20, 160), CultureInfo.InvariantCulture);
        int mark = text.IndexOf('E', StringComparison.Ordinal);
        return random.Next(3) switch
        {
            0 => text,
            1 => text.Insert(mark, new string('0', random.Next(0, 800)) + "1"),
            _ => text[..(mark - 1)] + (char)Math.Max('0', text[mark - 1] - 1) + text[mark..],
        };
    }

    private static string Decimal(Random random, int whole, int fraction, bool exponent)
    {
        var text = new StringBuilder();
        text.Append(random.Next(2) == 0 ? "-" : "");
        text.Append(random.Next(3) == 0 ? "0" : Digits(random, whole).TrimStart('0').PadLeft(1, '0'));
        text.Append(fraction > 0 ? "." + Digits(random, fraction) : "");
        if (exponent)
        {
            string sign = random.Next(3) switch { 0 => "", 1 => "+", _ => "-" };
            text.Append(random.Next(2) == 0 ? 'e' : 'E').Append(sign).Append(random.Next(0, 400));
        }
        return text.ToString();
    }

    private static string Digits(Random random, int count)
    {
        var text = new StringBuilder();
        char fill = (char)('0' + random.Next(10));
        int plain = random.Next(count + 1);
        for (int i = 0; i < count; i++)
        {
            text.Append(i < plain ? (char)('0' + random.Next(10)) : fill);
        }
        return text.ToString();
    }

}

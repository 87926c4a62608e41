using System.Globalization;
using System.Text;
using LossService.Tests.Engine.Harness;
using LossService.Wire.Numbers;
using Xunit;

namespace LossService.Tests.Wire.Numbers;

[Trait("Set", "Engine")]
public class WriteTests
{
    private static readonly CultureInfo Culture = CultureInfo.InvariantCulture;

    [Theory]
    [InlineData(0f, "0.0")]
    [InlineData(-0f, "-0.0")]
    [InlineData(1f, "1.0")]
    [InlineData(-1f, "-1.0")]
    [InlineData(0.5f, "0.5")]
    [InlineData(0.1f, "0.1")]
    [InlineData(10f, "10.0")]
    [InlineData(100.25f, "100.25")]
    [InlineData(-12.375f, "-12.375")]
    [InlineData(0.001f, "0.001")]
    [InlineData(1e-5f, "0.00001")]
    [InlineData(-1.2345678e-5f, "-0.000012345678")]
    [InlineData(9.999999e-6f, "9.999999e-6")]
    [InlineData(1.5258789e-5f, "0.000015258789")]
    [InlineData(7.6293945e-6f, "7.6293945e-6")]
    [InlineData(536870912f, "536870900.0")]
    [InlineData(1073741824f, "1.0737418e9")]
    [InlineData(1e-7f, "1e-7")]
    [InlineData(1.5e-7f, "1.5e-7")]
    [InlineData(16777216f, "16777216.0")]
    [InlineData(123456789f, "123456790.0")]
    [InlineData(999999900f, "999999900.0")]
    [InlineData(1e9f, "1e9")]
    [InlineData(1.5e10f, "1.5e10")]
    [InlineData(33554432f, "33554432.0")]
    [InlineData(8388609f, "8388609.0")]
    [InlineData(float.MaxValue, "3.4028235e38")]
    [InlineData(float.Epsilon, "1e-45")]
    [InlineData(-1.17549435e-38f, "-1.1754944e-38")]
    [InlineData(0.33333334f, "0.33333334")]
    [InlineData(2.4414062e-4f, "0.00024414062")]
    public void Write_Float_GivesTheDocumentedForm(float value, string expected) =>
        Assert.Equal(expected, Text(value));

    [Theory]
    [InlineData(0.0, "0.0")]
    [InlineData(-0.0, "-0.0")]
    [InlineData(1.0, "1.0")]
    [InlineData(0.1, "0.1")]
    [InlineData(0.30000000000000004, "0.30000000000000004")]
    [InlineData(-1.2345678901234567e-5, "-0.000012345678901234568")]
    [InlineData(9.9e-6, "9.9e-6")]
    [InlineData(123456789.5, "123456789.5")]
    [InlineData(9007199254740993.0, "9007199254740992.0")]
    [InlineData(1e16, "10000000000000000.0")]
    [InlineData(12345678901234568.0, "12345678901234568.0")]
    [InlineData(1e17, "1e17")]
    [InlineData(1e22, "1e22")]
    [InlineData(1e23, "1e23")]
    [InlineData(double.MaxValue, "1.7976931348623157e308")]
    [InlineData(double.Epsilon, "5e-324")]
    [InlineData(-2.2250738585072014e-308, "-2.2250738585072014e-308")]
    [InlineData(6.631236846766476e-316, "6.63123685e-316")]
    [InlineData(4.35, "4.35")]
    [InlineData(2e-3, "0.002")]
    [InlineData(12345678.9, "12345678.9")]
    [InlineData(-3.141592653589793, "-3.141592653589793")]
    public void Write_Double_GivesTheDocumentedForm(double value, string expected) =>
        Assert.Equal(expected, Text(value));

    [Fact]
    public void Write_RandomFloats_AreShortestAndReadBack()
    {
        var random = new Random(5);
        var text = new byte[NumberWriter.RoomMin];
        for (int i = 0; i < EveryLoss.Draws(1_000_000); i++)
        {
            float value = Kind(random, i);
            int length = NumberWriter.Write(value, text);
            Assert.InRange(length, 3, 16);
            AssertForm(text.AsSpan(0, length), plain: Math.Abs(value) is 0 or (>= 1e-5f and < 1e9f));
            NumberStatus status = NumberReader.Read(text.AsSpan(0, length), true, out float back, out int consumed);
            Assert.True(status == NumberStatus.Ok && consumed == length && Same(value, back), Text(value));
            if (i % 8 == 0)
            {
                AssertShortest(Encoding.UTF8.GetString(text, 0, length), value.ToString("R", Culture), value);
            }
        }

        static float Kind(Random random, int i) => (i & 3) switch
        {
            0 => (random.NextSingle() - 0.5f) * 8,
            1 => random.Next(-100_000, 100_000) / 1000f,
            _ => Texts.AnyFloat(random),
        };
    }

    [Fact]
    public void Write_RandomDoubles_AreShortestAndReadBack()
    {
        var random = new Random(6);
        var text = new byte[NumberWriter.RoomMin];
        for (int i = 0; i < EveryLoss.Draws(1_000_000); i++)
        {
            double value = Kind(random, i);
            int length = NumberWriter.Write(value, text);
            Assert.InRange(length, 3, 24);
            AssertForm(text.AsSpan(0, length), plain: Math.Abs(value) is 0 or (>= 1e-5 and < 1e17));
            NumberStatus status = NumberReader.Read(text.AsSpan(0, length), true, out double back, out int consumed);
            Assert.True(status == NumberStatus.Ok && consumed == length && Same(value, back), Text(value));
            if (i % 8 == 0)
            {
                AssertShortest(Encoding.UTF8.GetString(text, 0, length), value.ToString("R", Culture), value);
            }
        }

        static double Kind(Random random, int i) => (i & 3) switch
        {
            0 => (random.NextDouble() - 0.5) * 8,
            1 => random.Next(-100_000_000, 100_000_000) / 10_000.0,
            _ => Texts.AnyDouble(random),
        };
    }

    [Fact]
    public void Write_EveryPowerOfTwoAndItsNeighbours_IsShortestAndReadsBack()
    {
        for (int offset = -2; offset <= 2; offset++)
        {
            for (int exponent = 0; exponent < 255; exponent++)
            {
                float value = BitConverter.Int32BitsToSingle(Math.Max((exponent << 23) + offset, 0));
                string theirs = value.ToString("R", Culture);
                Assert.True(Same(value, Texts.Float(Text(value))), Text(value));
                Assert.Equal(Digits(theirs).Length, Digits(Text(value)).Length);
            }
            for (int exponent = 0; exponent < 2047; exponent++)
            {
                double value = BitConverter.Int64BitsToDouble(Math.Max(((long)exponent << 52) + offset, 0));
                string theirs = value.ToString("R", Culture);
                Assert.True(Same(value, Texts.Double(Text(value))), Text(value));

                // The framework writes 2^-958 as 4.104536801298376E-289, which is the double below it (.NET 10.0).
                bool theyReadBack = Same(value, Texts.Double(theirs));
                Assert.True(!theyReadBack || Digits(theirs).Length == Digits(Text(value)).Length, theirs);
            }
        }
    }

    // Plain with digits on both sides of a point, or with an exponent.
    private static void AssertForm(ReadOnlySpan<byte> text, bool plain)
    {
        Assert.Equal(plain, !text.Contains((byte)'e'));
        Assert.True(!plain || text.Contains((byte)'.'));
    }

    // As long as the framework's shortest; and, if the two differ, no farther from the value.
    private static void AssertShortest(string ours, string theirs, double value)
    {
        string digits = Digits(ours);
        string expected = Digits(theirs);
        Assert.True(digits.Length == expected.Length, $"{ours} against {theirs}");
        if (digits != expected)
        {
            decimal exact = Padded(Digits(value.ToString("E25", Culture)));
            decimal error = Math.Abs(Padded(digits) - exact);
            Assert.True(error <= Math.Abs(Padded(expected) - exact), $"{ours} against {theirs}");
        }

        static decimal Padded(string digits) => decimal.Parse(digits.PadRight(26, '0'), Culture);
    }

    // The significant digits of a number's text.
    private static string Digits(string text)
    {
        string mantissa = text.Split('e', 'E')[0].Replace(".", "", StringComparison.Ordinal).Trim('-').Trim('0');
        return mantissa.Length == 0 ? "0" : mantissa;
    }

    private static bool Same(float a, float b) =>
        BitConverter.SingleToInt32Bits(a) == BitConverter.SingleToInt32Bits(b);

    private static bool Same(double a, double b) =>
        BitConverter.DoubleToInt64Bits(a) == BitConverter.DoubleToInt64Bits(b);

    private static string Text(float value)
    {
        Span<byte> text = stackalloc byte[NumberWriter.RoomMin];
        return Encoding.UTF8.GetString(text[..NumberWriter.Write(value, text)]);
    }

    private static string Text(double value)
    {
        Span<byte> text = stackalloc byte[NumberWriter.RoomMin];
        return Encoding.UTF8.GetString(text[..NumberWriter.Write(value, text)]);
    }
}

using System.Globalization;
using System.Numerics;
using LossService.Engine.Numerics;
using LossService.Wire.Numbers;
using Xunit;

namespace LossService.Tests.Wire.Numbers;

[Trait("Set", "Engine")]
public class ReadLabelTests
{
    [Theory]
    [InlineData("2", 2)]
    [InlineData("2.0", 2)]
    [InlineData("2e0", 2)]
    [InlineData("20e-1", 2)]
    [InlineData("0.2e1", 2)]
    [InlineData("2.000000000000000000000000000000000", 2)]
    [InlineData("20000000000000000000000000000e-28", 2)]
    [InlineData("0.00000000000000000000000000002e29", 2)]
    [InlineData("-0", 0)]
    [InlineData("-0.000e-5", 0)]
    [InlineData("0e99999", 0)]
    [InlineData("-1", -1)]
    [InlineData("-100", -100)]
    [InlineData("1.5e1", 15)]
    [InlineData("1.5", Labels.NotAnInteger)]
    [InlineData("1.00000001", Labels.NotAnInteger)]
    [InlineData("1.00000000000000000000000000001", Labels.NotAnInteger)]
    [InlineData("99999999999999999999999999999.5", Labels.NotAnInteger)]
    [InlineData("1e-400", Labels.NotAnInteger)]
    [InlineData("1e-1", Labels.NotAnInteger)]
    [InlineData("2147483647", int.MaxValue)]
    [InlineData("2147483648", int.MaxValue)]
    [InlineData("9007199254740992", int.MaxValue)]
    [InlineData("9007199254740993", Labels.TooLarge)]
    [InlineData("9223372036854775808", Labels.TooLarge)]
    [InlineData("18446744073709551616", Labels.TooLarge)]
    [InlineData("-9007199254740993", Labels.TooLarge)]
    [InlineData("-9007199254740992", Labels.Below)]
    [InlineData("-2147483648", Labels.Below)]
    [InlineData("-2147483646", Labels.Below)]
    [InlineData("-2147483645", -2147483645)]
    [InlineData("12345678901234567890123", Labels.TooLarge)]
    [InlineData("12345678901234567890123e-2", Labels.NotAnInteger)]
    [InlineData("1234567890123456789012300e-2", Labels.TooLarge)]
    [InlineData("1.234567890123456789012e21", Labels.TooLarge)]
    [InlineData("1.234567890123456789012e20", Labels.NotAnInteger)]
    [InlineData("1e15", int.MaxValue)]
    [InlineData("1e16", Labels.TooLarge)]
    [InlineData("1e38", Labels.TooLarge)]
    [InlineData("1e400", Labels.TooLarge)]
    public void ReadLabel_OfText_JudgesTheText(string text, int expected)
    {
        byte[] bytes = Texts.Bytes(text + "]");
        NumberStatus wide = NumberReader.ReadLabel(bytes, false, out int label, out double value, out int consumed);
        Assert.Equal(expected, label);
        Assert.Equal(NumberReader.Read(bytes, false, out double expectedValue, out int expectedConsumed), wide);
        Assert.Equal((expectedValue, expectedConsumed), (value, consumed));

        NumberStatus narrow = NumberReader.ReadLabel(bytes, false, out label, out float single, out consumed);
        Assert.Equal(expected, label);
        Assert.Equal(NumberReader.Read(bytes, false, out float expectedSingle, out expectedConsumed), narrow);
        Assert.Equal((expectedSingle, expectedConsumed), (single, consumed));
    }

    [Fact]
    public void ReadLabel_RandomTexts_AgreeWithExactArithmetic()
    {
        var random = new Random(2);
        for (int i = 0; i < 20_000; i++)
        {
            string digits = random.NextInt64(0, 1L << random.Next(1, 60)).ToString(CultureInfo.InvariantCulture)
                + new string('0', random.Next(0, 6));
            int point = random.Next(0, digits.Length);
            int exponent = random.Next(-12, 13);
            string text = digits.TrimStart('0').PadLeft(1, '0');
            text = point == 0 || point >= text.Length ? text : text[..point] + "." + text[point..];
            int behind = text.Contains('.', StringComparison.Ordinal) ? text.Length - text.IndexOf('.') - 1 : 0;
            text += "e" + exponent;

            BigInteger numerator = BigInteger.Parse(digits) * BigInteger.Pow(10, Math.Max(exponent - behind, 0));
            BigInteger whole = BigInteger.DivRem(
                numerator, BigInteger.Pow(10, Math.Max(behind - exponent, 0)), out BigInteger fraction);
            int expected = !fraction.IsZero ? Labels.NotAnInteger
                : whole > 1L << 53 ? Labels.TooLarge
                : (int)BigInteger.Min(whole, Labels.Above);
            NumberReader.ReadLabel(Texts.Bytes(text), true, out int label, out float _, out _);
            Assert.True(expected == label, text);
        }
    }
}

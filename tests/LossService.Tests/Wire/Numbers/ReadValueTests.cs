using System.Globalization;
using System.Numerics;
using LossService.Tests.Engine.Harness;
using LossService.Wire.Numbers;
using Xunit;

namespace LossService.Tests.Wire.Numbers;

[Trait("Set", "Engine")]
public class ReadValueTests
{
    // Texts from the published test sets (Paxson, Lemire's parse-number data, fast_float's issues) with their bits.
    [Theory]
    [InlineData("9007199254740993", 0x4340000000000000)]
    [InlineData("9007199254740993.0000000000000000000000000000000000001", 0x4340000000000001)]
    [InlineData("9007199254740992.9999999999999999999999999999999999999", 0x4340000000000000)]
    [InlineData("9007199254740995", 0x4340000000000002)]
    [InlineData("2.2250738585072011e-308", 0x000FFFFFFFFFFFFF)]
    [InlineData("2.2250738585072012e-308", 0x0010000000000000)]
    [InlineData("2.2250738585072014e-308", 0x0010000000000000)]
    [InlineData("4.9406564584124654e-324", 1)]
    [InlineData("5e-324", 1)]
    [InlineData("2.47e-324", 0)]
    [InlineData("2.4703282292062327e-324", 0)]
    [InlineData("2.4703282292062328e-324", 1)]
    [InlineData("1e-400", 0)]
    [InlineData("6.631236846766476e-316", 0x0000000008000000)]
    [InlineData("1.7976931348623157e308", 0x7FEFFFFFFFFFFFFF)]
    [InlineData("1.7976931348623158e308", 0x7FEFFFFFFFFFFFFF)]
    [InlineData("6.62607015e-34", 0x390B860BDE023111)]
    [InlineData("0.1", 0x3FB999999999999A)]
    [InlineData("1e23", 0x44B52D02C7E14AF6)]
    [InlineData("1e308", 0x7FE1CCF385EBC8A0)]
    [InlineData("9.5e-5", 0x3F18E757928E0C9E)]
    public void Read_HardDoubles_RoundOnce(string text, long bits)
    {
        Assert.Equal(NumberStatus.Ok, NumberReader.Read(Texts.Bytes(text), true, out double value, out _));
        Assert.Equal(bits, BitConverter.DoubleToInt64Bits(value));
        Assert.Equal(Texts.Double(text), value);
    }

    [Theory]
    [InlineData("1.00000005960464477540", 0x3F800001)]
    [InlineData("1.00000005960464477539", 0x3F800000)]
    [InlineData("1.000000059604644775390625", 0x3F800000)]
    [InlineData("1.0000000596046447753906251", 0x3F800001)]
    [InlineData("1.000000178813934326171875", 0x3F800002)]
    [InlineData("16777217", 0x4B800000)]
    [InlineData("16777217.0000000001", 0x4B800001)]
    [InlineData("16777219", 0x4B800002)]
    [InlineData("7.0064923216240854e-46", 1)]
    [InlineData("7.0064923216240853e-46", 0)]
    [InlineData("1e-46", 0)]
    [InlineData("1.401298464324817e-45", 1)]
    [InlineData("0.00036393293703440577", 0x39BECE41)]
    [InlineData("1.1754942107e-38", 0x007FFFFF)]
    [InlineData("1.17549435e-38", 0x00800000)]
    [InlineData("1e38", 0x7E967699)]
    [InlineData("3.4028235e38", 0x7F7FFFFF)]
    [InlineData("3.40282356e38", 0x7F7FFFFF)]
    [InlineData("3.4028235677973366e38", 0x7F7FFFFF)]
    [InlineData("340282356779733661637539395458142568447", 0x7F7FFFFF)]
    [InlineData("0.1", 0x3DCCCCCD)]
    public void Read_HardFloats_RoundOnce(string text, int bits)
    {
        Assert.Equal(NumberStatus.Ok, NumberReader.Read(Texts.Bytes(text), true, out float value, out _));
        Assert.Equal(bits, BitConverter.SingleToInt32Bits(value));
        Assert.Equal(Texts.Float(text), value);
    }

    [Theory]
    [InlineData("3.40282357e38")]
    [InlineData("3.4028235677973367e38")]
    [InlineData("340282356779733661637539395458142568448")]
    [InlineData("3.5e38")]
    [InlineData("1e39")]
    [InlineData("1e400")]
    [InlineData("1e99999999999999999999")]
    public void Read_BeyondTheLargestFloat_IsOverflow(string text)
    {
        byte[] bytes = Texts.Bytes(text);
        Assert.Equal(NumberStatus.Overflow, NumberReader.Read(bytes, true, out float value, out int consumed));
        Assert.Equal((float.PositiveInfinity, text.Length), (value, consumed));
        bytes = Texts.Bytes("-" + text);
        Assert.Equal(NumberStatus.Overflow, NumberReader.Read(bytes, true, out value, out consumed));
        Assert.Equal((float.NegativeInfinity, text.Length + 1), (value, consumed));
    }

    [Theory]
    [InlineData("1.7976931348623159e308")]
    [InlineData("1.7976931348623158079372897140530341508e308")]
    [InlineData("1e309")]
    [InlineData("1e400")]
    public void Read_BeyondTheLargestDouble_IsOverflow(string text)
    {
        byte[] bytes = Texts.Bytes(text);
        Assert.Equal(NumberStatus.Overflow, NumberReader.Read(bytes, true, out double value, out int consumed));
        Assert.Equal((double.PositiveInfinity, text.Length), (value, consumed));
    }

    [Fact]
    public void Read_ManyDigits_RoundOnce()
    {
        // The exact middle of the two least doubles is 3 × 2^-1075; a last digit behind its 1,075 digits decides.
        string middle = TimesTwoToMinus1075(3);
        Check(middle, 2);
        Check(middle + new string('0', 20) + "1", 2);
        Check(middle[..^1] + "4" + new string('9', 20), 1);
        middle = TimesTwoToMinus1075(1);
        Check(middle, 0);
        Check(middle + "00001", 1);
        Check("1" + new string('0', 300) + "." + new string('0', 700) + "1", BitConverter.DoubleToInt64Bits(1e300));
        Check("0." + new string('0', 300) + new string('9', 780), BitConverter.DoubleToInt64Bits(1e-300));

        static void Check(string text, long bits)
        {
            Assert.Equal(NumberStatus.Ok, NumberReader.Read(Texts.Bytes(text), true, out double value, out _));
            Assert.Equal(bits, BitConverter.DoubleToInt64Bits(value));
        }

        static string TimesTwoToMinus1075(int factor) =>
            "0." + (factor * BigInteger.Pow(5, 1075)).ToString(CultureInfo.InvariantCulture).PadLeft(1075, '0');
    }

    [Fact]
    public void Read_RandomTexts_AgreeWithTheFramework()
    {
        var random = new Random(1);
        for (int i = 0; i < EveryLoss.Draws(200_000); i++)
        {
            string text = Texts.Any(random);
            if (text.Length > NumberReader.LengthMax)
            {
                continue;
            }
            byte[] bytes = Texts.Bytes(text);
            NumberStatus status = NumberReader.Read(bytes, true, out double wide, out int consumed);
            Assert.True(Same(Texts.Double(text), wide) && consumed == text.Length, text);
            Assert.Equal(double.IsInfinity(wide) ? NumberStatus.Overflow : NumberStatus.Ok, status);
            status = NumberReader.Read(bytes, true, out float narrow, out consumed);
            Assert.True(Same(Texts.Float(text), narrow) && consumed == text.Length, text);
            Assert.Equal(float.IsInfinity(narrow) ? NumberStatus.Overflow : NumberStatus.Ok, status);
        }
    }

    private static bool Same(double a, double b) =>
        BitConverter.DoubleToInt64Bits(a) == BitConverter.DoubleToInt64Bits(b);
}

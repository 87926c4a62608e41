using LossService.Engine.Numerics;
using LossService.Wire.Numbers;
using Xunit;

namespace LossService.Tests.Wire.Numbers;

[Trait("Set", "Engine")]
public class ReadGrammarTests
{
    [Theory]
    [InlineData("0", 0.0)]
    [InlineData("-0", -0.0)]
    [InlineData("-0.0", -0.0)]
    [InlineData("0e5", 0.0)]
    [InlineData("-0e-99999999999999999999", -0.0)]
    [InlineData("7", 7.0)]
    [InlineData("10", 10.0)]
    [InlineData("-12.50", -12.5)]
    [InlineData("1e2", 100.0)]
    [InlineData("1E+2", 100.0)]
    [InlineData("100e-2", 1.0)]
    [InlineData("1e0002", 100.0)]
    [InlineData("0.000000000000000000000000000001e30", 1.0)]
    [InlineData("1e-99999999999999999999", 0.0)]
    public void Read_WellFormed_GivesValueAndLength(string text, double expected)
    {
        foreach (string tail in new[] { "", ",", "]", " ", "}", "x", "\0", "\u00e9" })
        {
            byte[] bytes = Texts.Bytes(text + tail);
            Assert.Equal(NumberStatus.Ok, NumberReader.Read(bytes, true, out double wide, out int consumed));
            Assert.Equal(text.Length, consumed);
            Assert.Equal(BitConverter.DoubleToInt64Bits(expected), BitConverter.DoubleToInt64Bits(wide));
            Assert.Equal(NumberStatus.Ok, NumberReader.Read(bytes, true, out float narrow, out consumed));
            Assert.Equal(text.Length, consumed);
            Assert.Equal(BitConverter.SingleToInt32Bits((float)expected), BitConverter.SingleToInt32Bits(narrow));
        }
    }

    [Theory]
    [InlineData("", 0)]
    [InlineData("-", 1)]
    [InlineData("+1", 0)]
    [InlineData(".5", 0)]
    [InlineData("-.5", 1)]
    [InlineData("--1", 1)]
    [InlineData("- 1", 1)]
    [InlineData(" 1", 0)]
    [InlineData("01", 1)]
    [InlineData("-00", 2)]
    [InlineData("00.5", 1)]
    [InlineData("1.", 2)]
    [InlineData("1.e5", 2)]
    [InlineData("1.,", 2)]
    [InlineData("1e", 2)]
    [InlineData("1e+", 3)]
    [InlineData("1e-,", 3)]
    [InlineData("1.5e 1", 4)]
    [InlineData("1e.5", 2)]
    [InlineData("NaN", 0)]
    [InlineData("Infinity", 0)]
    [InlineData("-Infinity", 1)]
    [InlineData("nan", 0)]
    [InlineData("]", 0)]
    [InlineData(":1", 0)]
    [InlineData("/1", 0)]
    [InlineData("\uff11", 0)]
    public void Read_IllFormed_GivesOffsetOfTheFirstWrongByte(string text, int offset)
    {
        byte[] bytes = Texts.Bytes(text);
        Assert.Equal(NumberStatus.Malformed, NumberReader.Read(bytes, true, out float _, out int consumed));
        Assert.Equal(offset, consumed);
        Assert.Equal(NumberStatus.Malformed, NumberReader.Read(bytes, true, out double _, out consumed));
        Assert.Equal(offset, consumed);
        Assert.Equal(NumberStatus.Malformed, NumberReader.ReadLabel(bytes, true, out int label, out float _, out _));
        Assert.Equal(Labels.NotAnInteger, label);
    }

    [Theory]
    [InlineData("1.5.2", 3)]
    [InlineData("1e5.5", 3)]
    [InlineData("1e5e5", 3)]
    [InlineData("0x10", 1)]
    [InlineData("1_000", 1)]
    [InlineData("1f", 1)]
    [InlineData("1-2", 1)]
    public void Read_NumberFollowedByRubbish_StopsBeforeIt(string text, int length)
    {
        Assert.Equal(NumberStatus.Ok, NumberReader.Read(Texts.Bytes(text), true, out float _, out int consumed));
        Assert.Equal(length, consumed);
    }

    [Theory]
    [InlineData("-12.5e+10")]
    [InlineData("0.25E-3")]
    [InlineData("-0")]
    [InlineData("1234567890123456789012345678901234567890.5")]
    public void Read_EveryPrefix_IsIncompleteUnlessFinal(string text)
    {
        for (int length = 0; length <= text.Length; length++)
        {
            byte[] prefix = Texts.Bytes(text[..length]);
            Assert.Equal(NumberStatus.Incomplete, NumberReader.Read(prefix, false, out double _, out int consumed));
            Assert.Equal(0, consumed);

            NumberStatus final = NumberReader.Read(prefix, true, out double value, out consumed);
            Assert.Equal(length, consumed);
            bool complete = length > 0 && char.IsAsciiDigit(text[length - 1]);
            Assert.Equal(complete ? NumberStatus.Ok : NumberStatus.Malformed, final);
            Assert.Equal(complete ? Texts.Double(text[..length]) : 0, value);
        }
    }

    [Fact]
    public void Read_EveryByteBehindADigit_EndsOrContinuesTheNumber()
    {
        for (int b = 0; b < 256; b++)
        {
            bool continues = b is (>= '0' and <= '9') or '.' or 'e' or 'E';
            NumberStatus status = NumberReader.Read([(byte)'1', (byte)b], false, out float _, out int consumed);
            Assert.Equal(continues ? NumberStatus.Incomplete : NumberStatus.Ok, status);
            Assert.Equal(continues ? 0 : 1, consumed);
        }
    }

    [Fact]
    public void Read_AroundTheLengthLimit_IsOkThenTooLong()
    {
        foreach (string form in new[] { "0.{0}", "1{0}e-1000", "-1{0}", "1e{0}", "1e-{0}1", "1{0}." })
        {
            int fixedLength = form.Length - 3;
            for (int length = NumberReader.LengthMax - 1; length <= NumberReader.LengthMax + 2; length++)
            {
                byte[] bytes = Texts.Bytes(form.Replace("{0}", new string('0', length - fixedLength),
                    StringComparison.Ordinal));
                NumberStatus status = NumberReader.Read(bytes, true, out double _, out int consumed);
                bool tooLong = length > NumberReader.LengthMax;
                Assert.Equal(tooLong, status == NumberStatus.TooLong);
                Assert.Equal(tooLong ? 0 : length, consumed);
                Assert.Equal(tooLong, NumberReader.Read(bytes, false, out float _, out _) == NumberStatus.TooLong);
            }
        }
    }
}

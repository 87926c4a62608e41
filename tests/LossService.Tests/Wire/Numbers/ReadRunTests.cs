using LossService.Wire.Numbers;
using Xunit;

namespace LossService.Tests.Wire.Numbers;

[Trait("Set", "Engine")]
public class ReadRunTests
{
    [Theory]
    [InlineData("1,2]", RunStatus.AfterNumber, 2, 3)]
    [InlineData("1 , 2 ]", RunStatus.AfterNumber, 2, 6)]
    [InlineData(" 1]", RunStatus.AfterNumber, 1, 2)]
    [InlineData("1,2],3,4]", RunStatus.AfterNumber, 2, 3)]
    [InlineData("1,2],[3,4],[5,6]]", RunStatus.AfterNumber, 2, 3)]
    [InlineData("1,],[3,4],[5,6]]", RunStatus.BeforeNumber, 1, 2)]
    [InlineData("1,]", RunStatus.BeforeNumber, 1, 2)]
    [InlineData("1, ]", RunStatus.BeforeNumber, 1, 3)]
    [InlineData("]", RunStatus.BeforeNumber, 0, 0)]
    [InlineData(" ]", RunStatus.BeforeNumber, 0, 1)]
    [InlineData(",1]", RunStatus.BeforeNumber, 0, 0)]
    [InlineData("1,,2]", RunStatus.BeforeNumber, 1, 2)]
    [InlineData("1,\"NaN\"]", RunStatus.BeforeNumber, 1, 2)]
    [InlineData("1,[2]]", RunStatus.BeforeNumber, 1, 2)]
    [InlineData("1,null]", RunStatus.BeforeNumber, 1, 2)]
    [InlineData("1 2]", RunStatus.AfterNumber, 1, 2)]
    [InlineData("1;2]", RunStatus.AfterNumber, 1, 1)]
    [InlineData("1.5.2]", RunStatus.AfterNumber, 1, 3)]
    [InlineData("1,+2]", RunStatus.BeforeNumber, 1, 2)]
    [InlineData("1,02]", RunStatus.Malformed, 1, 2)]
    [InlineData("1,-]", RunStatus.Malformed, 1, 2)]
    [InlineData("1,2.]", RunStatus.Malformed, 1, 2)]
    [InlineData("1,.2]", RunStatus.BeforeNumber, 1, 2)]
    [InlineData("1,2e]", RunStatus.Malformed, 1, 2)]
    [InlineData("1,-Infinity]", RunStatus.Malformed, 1, 2)]
    [InlineData("1,1e999,3]", RunStatus.Overflow, 1, 2)]
    [InlineData("1,-00.5,3]", RunStatus.Malformed, 1, 2)]
    [InlineData("1,1.2.3,3]", RunStatus.AfterNumber, 2, 5)]
    [InlineData("1,1-2,3]", RunStatus.AfterNumber, 2, 3)]
    [InlineData("1,.,3]", RunStatus.BeforeNumber, 1, 2)]
    [InlineData("1,5.,3]", RunStatus.Malformed, 1, 2)]
    [InlineData("1,1/2,3]", RunStatus.AfterNumber, 2, 3)]
    [InlineData("1,1:2,3]", RunStatus.AfterNumber, 2, 3)]
    [InlineData("1,e5,3]", RunStatus.BeforeNumber, 1, 2)]
    [InlineData("1,-e5,3]", RunStatus.Malformed, 1, 2)]
    [InlineData("1,2ee5,3]", RunStatus.Malformed, 1, 2)]
    [InlineData("1,2e-,3]", RunStatus.Malformed, 1, 2)]
    [InlineData("1,2.5f,3]", RunStatus.AfterNumber, 2, 5)]
    [InlineData("1,\u000b2,3]", RunStatus.BeforeNumber, 1, 2)]
    [InlineData("1,2 2,3]", RunStatus.AfterNumber, 2, 4)]
    [InlineData("1,2,3,4,5]", RunStatus.AfterNumber, 4, 7)]
    [InlineData("1,2,3,4 ,5]", RunStatus.AfterNumber, 4, 8)]
    [InlineData("1,2,3,4]", RunStatus.AfterNumber, 4, 7)]
    [InlineData("1\u00a0]", RunStatus.AfterNumber, 1, 1)]
    public void ReadRun_OfText_StopsWhereTheContractSays(string text, RunStatus expected, int count, int consumed)
    {
        // The same must hold for long runs, where the fast path has started: prefix numbers of odd lengths.
        foreach (int before in new[] { 0, 1, 2, 5, 30 })
        {
            string prefix = string.Concat(Enumerable.Repeat("-3.25,12.125,", before));
            foreach (bool isFinal in new[] { true, false })
            {
                byte[] bytes = Texts.Bytes(prefix + text + (isFinal ? "" : " more text behind it to look at"));
                var floats = new float[(2 * before) + 4];
                Assert.Equal(expected, NumberReader.ReadRun(bytes, isFinal, floats, out int read, out int used));
                Assert.Equal((2 * before) + count, read);
                Assert.Equal(prefix.Length + consumed, used);
                var doubles = new double[(2 * before) + 4];
                Assert.Equal(expected, NumberReader.ReadRun(bytes, isFinal, doubles, out read, out used));
                Assert.Equal((2 * before) + count, read);
                Assert.Equal(prefix.Length + consumed, used);
                Assert.All(floats[(2 * before + count)..], value => Assert.Equal(0, value));
            }
        }
    }

    [Theory]
    [InlineData("", RunStatus.BeforeNumber, 0, RunStatus.Incomplete, 0)]
    [InlineData("1,", RunStatus.BeforeNumber, 2, RunStatus.Incomplete, 2)]
    [InlineData("1, ", RunStatus.BeforeNumber, 3, RunStatus.Incomplete, 3)]
    [InlineData("1 ", RunStatus.AfterNumber, 2, RunStatus.AfterNumber, 2)]
    [InlineData("1,2", RunStatus.AfterNumber, 3, RunStatus.Incomplete, 2)]
    [InlineData("1,-", RunStatus.Malformed, 2, RunStatus.Incomplete, 2)]
    [InlineData("1,2.", RunStatus.Malformed, 2, RunStatus.Incomplete, 2)]
    [InlineData("1,1e999", RunStatus.Overflow, 2, RunStatus.Incomplete, 2)]
    public void ReadRun_AtTheEndOfTheText_KnowsWhetherMoreMayFollow(
        string text, RunStatus final, int finalAt, RunStatus open, int openAt)
    {
        byte[] bytes = Texts.Bytes(text);
        Assert.Equal(final, NumberReader.ReadRun(bytes, true, new float[4], out _, out int consumed));
        Assert.Equal(finalAt, consumed);
        Assert.Equal(open, NumberReader.ReadRun(bytes, false, new float[4], out _, out consumed));
        Assert.Equal(openAt, consumed);
    }

    [Theory]
    [InlineData("16777217")]
    [InlineData("16777217.000")]
    [InlineData("16777219")]
    [InlineData("-1.000000059604644775390625")]
    [InlineData("1.0000000596046447")]
    [InlineData("1.0000000596046448")]
    [InlineData("5.9604644775390625e-8")]
    [InlineData("8388608.5")]
    [InlineData("8388609.5")]
    [InlineData("1.1754943508222875e-38")]
    [InlineData("1.1754942807573643e-38")]
    [InlineData("1.17549428075736429e-38")]
    [InlineData("1.17549428075736430e-38")]
    [InlineData("1.1754942e-38")]
    [InlineData("7.0064923216240854e-46")]
    [InlineData("1e-45")]
    [InlineData("1e-60")]
    [InlineData("3.4028235677973366e38")]
    [InlineData("340282350000000000000000000000000000000")]
    [InlineData("9007199254740993")]
    [InlineData("9007199254740993.0")]
    [InlineData("9223372036854775807")]
    [InlineData("9223372036854775808")]
    [InlineData("9999999999999999999")]
    [InlineData("0.000000000000000000000000000001")]
    [InlineData("0.0000000000000000000000000000001")]
    [InlineData("1234567890.12345678901234567890")]
    [InlineData("123E+7")]
    [InlineData("-0e-7")]
    [InlineData("1.5e007")]
    [InlineData("1.5e0007")]
    [InlineData("-0")]
    [InlineData("-0.0")]
    [InlineData("0")]
    public void ReadRun_OfHardTexts_AgreesWithTheFramework(string text)
    {
        foreach (string gap in new[] { "", " ", "\n  ", "\r\n\t" })
        {
            byte[] bytes = Texts.Bytes(string.Concat(Enumerable.Repeat(gap + text + ",", 20)) + text + "]");
            var floats = new float[21];
            Assert.Equal(RunStatus.AfterNumber, NumberReader.ReadRun(bytes, true, floats, out _, out _));
            int bits = BitConverter.SingleToInt32Bits(Texts.Float(text));
            Assert.All(floats, value => Assert.Equal(bits, BitConverter.SingleToInt32Bits(value)));
            var doubles = new double[21];
            Assert.Equal(RunStatus.AfterNumber, NumberReader.ReadRun(bytes, true, doubles, out _, out _));
            long wide = BitConverter.DoubleToInt64Bits(Texts.Double(text));
            Assert.All(doubles, value => Assert.Equal(wide, BitConverter.DoubleToInt64Bits(value)));
        }
    }

    [Theory]
    [InlineData("3.4028236e38")]
    [InlineData("1e39")]
    [InlineData("1234567890123456789e21")]
    [InlineData("-9999999999999999999e22")]
    public void ReadRun_OfWhatOnlyADoubleHolds_StopsBeforeItInFloats(string text)
    {
        string before = string.Concat(Enumerable.Repeat("-3.25,12.125,", 10));
        byte[] bytes = Texts.Bytes(before + text + ",3,4,5,6,7,8]");
        Assert.Equal(RunStatus.Overflow, NumberReader.ReadRun(bytes, true, new float[40], out int count, out int consumed));
        Assert.Equal((20, before.Length), (count, consumed));
        var doubles = new double[40];
        Assert.Equal(RunStatus.AfterNumber, NumberReader.ReadRun(bytes, true, doubles, out count, out _));
        Assert.Equal((27, Texts.Double(text)), (count, doubles[20]));
    }

    // Where a last bit decides: exact middles, what lies next to them in as many digits as a client writes, and the
    // powers of ten that a double does not hold.
    [Fact]
    public void ReadRun_OfTextsNearTheMiddles_RoundsOnce()
    {
        var random = new Random(5);
        var numbers = new List<string>();
        for (int i = 0; i < 4_000; i++)
        {
            foreach (int bits in (int[])[25, 54])
            {
                numbers.AddRange(Texts.Middles(random, bits));
            }

            numbers.Add("0." + random.NextInt64(1L << 53).ToString(Texts.Culture).PadLeft(random.Next(20, 26), '0'));
        }

        foreach (string[] some in numbers.Chunk(50))
        {
            byte[] bytes = Texts.Bytes(string.Join(',', some) + "]");
            var floats = new float[some.Length];
            Assert.Equal(RunStatus.AfterNumber, NumberReader.ReadRun(bytes, true, floats, out _, out _));
            var doubles = new double[some.Length];
            Assert.Equal(RunStatus.AfterNumber, NumberReader.ReadRun(bytes, true, doubles, out _, out _));
            for (int n = 0; n < some.Length; n++)
            {
                Assert.True(Texts.Float(some[n]) == floats[n] && Texts.Double(some[n]) == doubles[n], some[n]);
            }
        }
    }

    [Fact]
    public void ReadRun_OfRandomRuns_AgreesWithTheFramework()
    {
        var random = new Random(3);
        for (int i = 0; i < 3_000; i++)
        {
            var numbers = new List<string>();
            bool even = random.Next(2) == 0;
            string run = Texts.Run(random, random.Next(1, 60), () => even ? Even(random) : Finite(random), numbers);
            byte[] bytes = Texts.Bytes(run + "]");
            var floats = new float[numbers.Count + 1];
            RunStatus status = NumberReader.ReadRun(bytes, false, floats, out int count, out int consumed);
            Assert.Equal((RunStatus.AfterNumber, numbers.Count, run.Length), (status, count, consumed));
            var doubles = new double[numbers.Count];
            status = NumberReader.ReadRun(bytes, false, doubles, out count, out consumed);
            Assert.Equal((RunStatus.AfterNumber, numbers.Count, run.Length), (status, count, consumed));
            for (int n = 0; n < count; n++)
            {
                int bits = BitConverter.SingleToInt32Bits(Texts.Float(numbers[n]));
                Assert.True(bits == BitConverter.SingleToInt32Bits(floats[n]), numbers[n]);
                long wide = BitConverter.DoubleToInt64Bits(Texts.Double(numbers[n]));
                Assert.True(wide == BitConverter.DoubleToInt64Bits(doubles[n]), numbers[n]);
            }
        }
    }

    [Fact]
    public void ReadRun_CutAtEveryByte_GivesTheSameNumbers()
    {
        var random = new Random(4);
        for (int i = 0; i < 40; i++)
        {
            var numbers = new List<string>();
            string run = Texts.Run(random, 25, () => Even(random), numbers);
            byte[] bytes = Texts.Bytes(run + "]");
            float[] expected = [.. numbers.Select(Texts.Float)];
            double[] expectedWide = [.. numbers.Select(Texts.Double)];
            for (int cut = 0; cut <= bytes.Length; cut++)
            {
                var floats = new float[expected.Length];
                int count = Resume(bytes, cut, (text, at, done) => (NumberReader.ReadRun(
                    text, false, floats.AsSpan(done), out int read, out int used), read, used));
                Assert.Equal(expected, floats);
                var doubles = new double[expected.Length];
                count += Resume(bytes, cut, (text, at, done) => (NumberReader.ReadRun(
                    text, false, doubles.AsSpan(done), out int read, out int used), read, used));
                Assert.Equal(expectedWide, doubles);
                Assert.Equal(2 * expected.Length, count);
            }
        }
    }

    // What a codec does with a first segment of cut bytes and then all the rest.
    private static int Resume(byte[] bytes, int cut, Func<byte[], int, int, (RunStatus, int, int)> read)
    {
        int at = 0;
        int done = 0;
        (RunStatus status, int count, int consumed) = read(bytes[..cut], at, done);
        at += consumed;
        done += count;
        if (status == RunStatus.AfterNumber)
        {
            while (bytes[at] is (byte)' ' or (byte)'\t' or (byte)'\r' or (byte)'\n')
            {
                at++;
            }
            if (bytes[at] == (byte)']')
            {
                return done;
            }
            Assert.Equal((byte)',', bytes[at++]);
        }
        else
        {
            Assert.Equal(RunStatus.Incomplete, status);
        }
        (status, count, consumed) = read(bytes[at..], at, done);
        Assert.Equal(RunStatus.AfterNumber, status);
        Assert.Equal((byte)']', bytes[at + consumed]);
        return done + count;
    }

    private static string Finite(Random random)
    {
        while (true)
        {
            string text = Texts.Any(random);
            if (text.Length <= NumberReader.LengthMax && float.IsFinite(Texts.Float(text)))
            {
                return text;
            }
        }
    }

    // As a well-behaved client writes a tensor.
    private static string Even(Random random) => random.Next(8) switch
    {
        0 => Texts.Float("1e-5").ToString("R", System.Globalization.CultureInfo.InvariantCulture),
        1 => random.Next(-3, 11).ToString(System.Globalization.CultureInfo.InvariantCulture),
        _ => ((random.NextSingle() * 8) - 4).ToString("R", System.Globalization.CultureInfo.InvariantCulture),
    };
}

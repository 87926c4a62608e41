using System.Text;
using LossService.Wire.Numbers;
using Xunit;

namespace LossService.Tests.Wire.Numbers;

[Trait("Set", "Engine")]
public class WriteRunTests
{
    [Fact]
    public void WriteRun_OfEveryLength_IsTheSingleTextsWithCommas()
    {
        var random = new Random(7);
        for (int count = 0; count <= 257; count++)
        {
            float[] floats = [.. Enumerable.Range(0, count).Select(i => i % 7 == 0 ? i : Texts.AnyFloat(random))];
            double[] doubles = [.. Enumerable.Range(0, count).Select(i => i % 7 == 0 ? i : Texts.AnyDouble(random))];
            var room = new byte[(count + 2) * NumberWriter.RoomMin];
            NumberWriter.WriteRun(floats, room, out int written, out int bytes);
            Assert.Equal(count, written);
            Assert.Equal(string.Join(',', floats.Select(Text)), Encoding.UTF8.GetString(room, 0, bytes));
            NumberWriter.WriteRun(doubles, room, out written, out bytes);
            Assert.Equal(count, written);
            Assert.Equal(string.Join(',', doubles.Select(Text)), Encoding.UTF8.GetString(room, 0, bytes));
        }
    }

    [Fact]
    public void WriteRun_ThenReadRun_GivesTheSameBits()
    {
        var random = new Random(9);
        double[] doubles = [.. Enumerable.Range(0, 100_000).Select(i => i % 2 == 0
            ? Texts.AnyDouble(random)
            : (random.NextDouble() - 0.5) * Math.Pow(10, random.Next(-8, 20)))];
        float[] floats = [.. doubles.Select(d => (float)d).Where(float.IsFinite)];
        var room = new byte[doubles.Length * NumberWriter.RoomMin];

        NumberWriter.WriteRun(doubles, room, out int written, out int bytes);
        var wide = new double[doubles.Length];
        Assert.Equal(doubles.Length, written);
        NumberReader.ReadRun(room.AsSpan(0, bytes), true, wide, out int read, out int consumed);
        Assert.Equal((written, bytes), (read, consumed));
        Assert.Equal(doubles.Select(BitConverter.DoubleToInt64Bits), wide.Select(BitConverter.DoubleToInt64Bits));

        NumberWriter.WriteRun(floats, room, out written, out bytes);
        var narrow = new float[floats.Length];
        Assert.Equal(floats.Length, written);
        NumberReader.ReadRun(room.AsSpan(0, bytes), true, narrow, out read, out consumed);
        Assert.Equal((written, bytes), (read, consumed));
        Assert.Equal(floats.Select(BitConverter.SingleToInt32Bits), narrow.Select(BitConverter.SingleToInt32Bits));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(5)]
    [InlineData(40)]
    public void WriteRun_BeforeANonFiniteValue_Stops(int before)
    {
        foreach (float bad in new[] { float.NaN, float.PositiveInfinity, float.NegativeInfinity })
        {
            float[] floats = [.. Enumerable.Repeat(1.5f, before), bad, 2f];
            double[] doubles = [.. Enumerable.Repeat(1.5, before), bad, 2];
            var room = new byte[4096];
            NumberWriter.WriteRun(floats, room, out int written, out int bytes);
            Assert.Equal((before, Math.Max((4 * before) - 1, 0)), (written, bytes));
            NumberWriter.WriteRun(doubles, room, out written, out bytes);
            Assert.Equal((before, Math.Max((4 * before) - 1, 0)), (written, bytes));
        }
    }

    [Fact]
    public void WriteRun_IntoLittleRoom_StopsInTimeAndResumes()
    {
        var random = new Random(8);
        float[] floats = [.. Enumerable.Range(0, 50).Select(_ => Texts.AnyFloat(random))];
        double[] doubles = [.. Enumerable.Range(0, 50).Select(_ => Texts.AnyDouble(random))];
        for (int size = 0; size < 200; size++)
        {
            Check(floats.Length, size, Text(floats), (at, room) =>
            {
                NumberWriter.WriteRun(floats.AsSpan(at), room, out int written, out int bytes);
                return (written, bytes);
            });
            Check(doubles.Length, size, Text(doubles), (at, room) =>
            {
                NumberWriter.WriteRun(doubles.AsSpan(at), room, out int written, out int bytes);
                return (written, bytes);
            });
        }

        static void Check(int count, int size, string expected, Func<int, ArraySegment<byte>, (int, int)> write)
        {
            var text = new StringBuilder();
            for (int at = 0; at < count;)
            {
                var room = new byte[size + 1];
                room[size] = 0x5A;
                (int written, int bytes) = write(at, new ArraySegment<byte>(room, 0, size));
                Assert.Equal(0x5A, room[size]);
                Assert.Equal(size <= NumberWriter.RoomMin, written == 0);
                if (written == 0)
                {
                    Assert.Equal(0, bytes);
                    return;
                }
                text.Append(at > 0 ? "," : "").Append(Encoding.UTF8.GetString(room, 0, bytes));
                at += written;
            }
            Assert.Equal(expected, text.ToString());
        }

        static string Text<T>(T[] values) => string.Join(',', values.Select(v => v is float f
            ? WriteRunTests.Text(f)
            : WriteRunTests.Text((double)(object)v!)));
    }

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

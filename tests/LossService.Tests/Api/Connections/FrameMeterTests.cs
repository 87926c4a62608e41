using System.Text;
using LossService.Api.Connections;
using Xunit;

namespace LossService.Tests.Api.Connections;

/// <summary>What frames count for, whatever pieces they come in: against a reader that has all of them at once.</summary>
public sealed class FrameMeterTests
{
    private static readonly byte[] Sample =
    [
        .. Frame.Preface, .. Frame.Of(Frame.Settings, 0, 0, new byte[6]), .. Frame.Of(Frame.Headers, 5, 1, new byte[20]),
        .. Frame.Of(Frame.Data, 0, 1, []), .. Frame.Of(Frame.Data, 1, 1, [7]),
        .. Frame.Of(Frame.Continuation, 0, 0x01020304, Frame.Preface),
    ];

    [Theory]
    [InlineData(Frame.Data, 0, 1, 1)]
    [InlineData(Frame.Data, 0, 16_384, 1)]
    [InlineData(Frame.Data, Frame.EndStream, 0, 1)]
    [InlineData(Frame.Data, 0, 0, 100)]
    [InlineData(Frame.Data, 8, 0, 100)]
    [InlineData(Frame.WindowUpdate, 0, 4, 1)]
    [InlineData(Frame.Headers, Frame.EndHeaders, 30, 10)]
    [InlineData(Frame.Headers, 0, 0, 10)]
    [InlineData(Frame.Priority, 0, 5, 100)]
    [InlineData(Frame.Reset, 0, 4, 100)]
    [InlineData(Frame.Settings, 0, 6, 100)]
    [InlineData(Frame.Settings, Frame.Ack, 0, 100)]
    [InlineData(Frame.PushPromise, 0, 8, 100)]
    [InlineData(Frame.Ping, 0, 8, 100)]
    [InlineData(Frame.GoAway, 0, 8, 100)]
    [InlineData(Frame.Unknown, 0, 0, 100)]
    [InlineData(Frame.Unknown, 0xFF, 0xFFFFFF, 100)]
    [InlineData(Frame.Continuation, 0, 8, 1000)]
    public void Frame_OfAKind_HasItsPrice(int type, int flags, int length, int price)
    {
        var meter = new FrameMeter();
        Assert.Equal(0, meter.Count(Frame.Preface));
        byte[] frame = Frame.Of((byte)type, (byte)flags, int.MaxValue, new byte[length]);
        Assert.Equal(3 * price, meter.Count([.. frame, .. frame, .. frame]));
        Assert.True(meter.IsHttp2);
    }

    [Fact]
    public void Bytes_InEverySplit_CountOnce()
    {
        long expected = Reference(Sample);
        Assert.Equal(100 + 10 + 100 + 1 + 1000, expected);
        for (int first = 0; first <= Sample.Length; first++)
        {
            for (int second = first; second <= Sample.Length; second++)
            {
                Assert.Equal(expected, Count(new FrameMeter(), Sample, [first, second]));
            }
        }

        Assert.Equal(expected, Count(new FrameMeter(), Sample, [.. Enumerable.Range(0, Sample.Length)]));
    }

    [Fact]
    public void Bytes_AtRandomInRandomPieces_CountAsTheReferenceCounts()
    {
        var random = new Random(1);
        for (int turn = 0; turn < 3000; turn++)
        {
            (byte[] bytes, int[] cuts) = Some(random);
            Assert.True(Reference(bytes) == Count(new FrameMeter(), bytes, cuts), $"turn {turn}: {Convert.ToHexString(bytes)}");
        }
    }

    // The planted bug: a meter that takes every read for the beginning of a frame.
    [Fact]
    public void Reference_BesideAMeterThatForgets_Differs()
    {
        var random = new Random(1);
        int found = 0;
        for (int turn = 0; turn < 300; turn++)
        {
            (byte[] bytes, int[] cuts) = Some(random);
            long forgetful = 0;
            foreach (Range piece in Pieces(bytes.Length, cuts))
            {
                var meter = new FrameMeter();
                meter.Count(piece.Start.Value == 0 ? [] : Frame.Preface);
                forgetful += meter.Count(bytes.AsSpan(piece));
            }

            found += forgetful == Reference(bytes) ? 0 : 1;
        }

        Assert.InRange(found, 100, 300);
    }

    [Theory]
    [InlineData("GET /v1/info HTTP/1.1\r\n\r\n")]
    [InlineData("PRI * HTTP/2.0\r\n\r\nSM\r\n\rX")]
    [InlineData("PRJ")]
    [InlineData("\u0016\u0003\u0001")]
    public void Bytes_WithoutThePreface_AreNotCounted(string start)
    {
        byte[] bytes = [.. Encoding.Latin1.GetBytes(start), .. Sample];
        foreach (int cut in Enumerable.Range(0, start.Length + 1))
        {
            var meter = new FrameMeter();
            Assert.Equal(0, Count(meter, bytes, [cut]));
            Assert.False(meter.IsHttp2);
        }
    }

    private static (byte[] Bytes, int[] Cuts) Some(Random random)
    {
        List<byte> bytes = [.. Frame.Preface];
        for (int frames = random.Next(20); frames > 0; frames--)
        {
            byte type = (byte)random.Next(12);
            byte[] payload = new byte[random.Next(3) == 0 ? 0 : random.Next(40)];
            random.NextBytes(payload);
            bytes.AddRange(Frame.Of(type, (byte)random.Next(256), random.Next(), payload));
        }

        int end = random.Next(Frame.Preface.Length, bytes.Count + 1);
        bytes.RemoveRange(end, bytes.Count - end);
        int[] cuts = [.. Enumerable.Range(0, random.Next(12)).Select(_ => random.Next(bytes.Count + 1)).Order()];
        return ([.. bytes], cuts);
    }

    private static IEnumerable<Range> Pieces(int length, int[] cuts) =>
        cuts.Append(length).Zip(cuts.Prepend(0), (end, start) => start..end);

    private static long Count(FrameMeter meter, byte[] bytes, int[] cuts) =>
        Pieces(bytes.Length, cuts).Sum(piece => meter.Count(bytes.AsSpan(piece)));

    // Frame by frame, by where the RFC says that everything stands.
    private static long Reference(byte[] bytes)
    {
        long price = 0;
        for (int at = 24; at + 5 <= bytes.Length;)
        {
            int length = (bytes[at] * 65_536) + (bytes[at + 1] * 256) + bytes[at + 2];
            bool ends = bytes[at + 4] % 2 == 1;
            switch (bytes[at + 3])
            {
                case Frame.Data:
                    price += length == 0 && !ends ? 100 : 1;
                    break;
                case Frame.Headers:
                    price += 10;
                    break;
                case Frame.WindowUpdate:
                    price += 1;
                    break;
                case Frame.Continuation:
                    price += 1000;
                    break;
                default:
                    price += 100;
                    break;
            }

            at += 9 + length;
        }

        return price;
    }
}

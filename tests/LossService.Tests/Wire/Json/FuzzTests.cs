using System.Text;
using LossService.Engine;
using LossService.Wire;
using Xunit;

namespace LossService.Tests.Wire.Json;

public class FuzzTests
{
    private const int Mutations = 20_000;

    private static readonly string[] Words =
    [
        "[", "]", "{", "}", ",", ":", "\"", "\\", "\\u00", "\\ud800", "null", "true", "NaN", "1e400", "-", "0", "9", ".", "e", " ",
        "\"logits\"", "\"shape\"", "\"data\"", "\"base64\"", "\"dtype\"", "\"float64\"", "[[", "]]", "AAAA", "=", "\u00e9", "\0", "[]",
    ];

    [Fact]
    public void Body_MutatedAnyhow_NeverThrowsNorLeaksAndReadsTheSameInPieces()
    {
        var random = new Random(20_240_607);
        byte[][] seeds = [.. ((IEnumerable<object[]>)PiecesTests.Bodies).Select(row => Encoding.UTF8.GetBytes((string)row[0]))];
        ReadLimits limits = Reading.Limits with { BufferedBytesMax = 64, ElementsMax = 40, DepthMax = 8, LiteralBytesMax = 1_100, BodyBytesMax = 200 };
        int accepted = 0;
        for (int i = 0; i < Mutations; i++)
        {
            byte[] body = Mutate(seeds[random.Next(seeds.Length)], seeds[random.Next(seeds.Length)], random);
            using Reading whole = Reading.Of(Pieces.Whole(body), limits);
            using Reading pieces = Reading.Of(Pieces.Random(body, random, 1 + random.Next(30)), limits);
            Assert.Equal(whole.Digest(), pieces.Digest());
            accepted += whole.Mistakes.Count == 0 ? 1 : 0;
            foreach (Mistake one in whole.Mistakes)
            {
                Assert.False(string.IsNullOrEmpty(one.Detail));
            }
        }

        // Some mutants must still be good, or the mutations say little.
        Assert.InRange(accepted, Mutations / 100, Mutations / 2);
    }

    private static byte[] Mutate(byte[] seed, byte[] other, Random random)
    {
        var body = new List<byte>(seed);
        for (int edits = random.Next(1, 5); edits > 0; edits--)
        {
            int at = random.Next(body.Count + 1);
            int length = random.Next(Math.Min(8, body.Count - at) + 1);
            switch (random.Next(5))
            {
                case 0:
                    body.InsertRange(at, Encoding.UTF8.GetBytes(Words[random.Next(Words.Length)]));
                    break;
                case 1:
                    body.RemoveRange(at, length);
                    break;
                case 2 when at < body.Count:
                    body[at] = (byte)random.Next(256);
                    break;
                case 3:
                    body.InsertRange(random.Next(body.Count + 1), body.GetRange(at, length));
                    break;
                default:
                    int from = random.Next(other.Length);
                    body.InsertRange(at, other[from..Math.Min(other.Length, from + random.Next(12))]);
                    break;
            }
        }

        return [.. body];
    }
}

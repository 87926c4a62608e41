using System.Security.Cryptography;
using System.Text.Json;
using LossService.Engine;
using LossService.Engine.Cards;
using LossService.Tests.Engine.Harness;
using Xunit;

namespace LossService.Tests.Engine;

/// <summary>The same bits on every machine: digests of answers, committed, and compared under every instruction set that
/// CI runs these tests with.</summary>
[Trait("Set", "Engine")]
public sealed class SameBitsTests
{
    private const string File = "bits.json";

    private static readonly Lock Writing = new();

    [Theory]
    [MemberData(nameof(EveryLoss.InBothPrecisions), MemberType = typeof(EveryLoss))]
    public void Answer_OnAnyMachine_HasTheBitsOfTheGoldenDigest(string loss, bool float64)
    {
        string key = $"{loss} {(float64 ? "float64" : "float32")}";
        string digest = Digest(EveryLoss.Card(loss), float64);
        if (GoldenFile.IsUpdating)
        {
            Write(key, digest);
            return;
        }

        SortedDictionary<string, string> golden = Read();
        Assert.True(golden.TryGetValue(key, out string? expected),
            $"{key} has no golden digest; LOSSSERVICE_UPDATE_GOLDEN=1 writes it.");
        Assert.True(expected == digest,
            $"{key}: other bits than the golden ones. If the formula changed, LOSSSERVICE_UPDATE_GOLDEN=1 writes the new digest.");
    }

    [Fact]
    public void GoldenDigests_AreOfTheCataloguesLossesOnly()
    {
        IEnumerable<string> keys = Catalogue.All.SelectMany(loss => new[] { $"{loss.Card.Name} float32", $"{loss.Card.Name} float64" });
        Assert.True(GoldenFile.IsUpdating || Read().Keys.SequenceEqual(keys.Order(StringComparer.Ordinal)));
    }

    // Few questions, since each must run where a fused multiply-add is a call; of tails, blocks, every form and setting.
    private static string Digest(LossCard card, bool float64)
    {
        using var digest = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        (int Samples, int Row)[] sizes = [(1, 1), (3, 5), (7, 17), (37, 3), (2, 70), (1, 2053)];
        for (int seed = 0; seed < 24; seed++)
        {
            (int samples, int row) = sizes[seed % sizes.Length];
            Question question = new Samples(card, 60_000 + seed).Draw(new()
            {
                Float64 = float64,
                Samples = samples,
                Row = seed < 12 ? row : null,
                Plain = seed < 12,
                Form = seed < 12 ? 0 : null,
                Values = (Values)(seed % 3),
            });
            Bench.Ask(card.HasHessian && seed % 2 == 0 ? question.With("hessian", "diagonal") : question).AddTo(digest);
        }

        // More than one block of items, one plain question.
        Bench.Ask(new Samples(card, 1).Draw(new()
        {
            Form = 0,
            Samples = 2051,
            Row = 3,
            Plain = true,
            Float64 = float64,
            Settings = false,
            Extras = false,
            Reduction = "mean",
        })).AddTo(digest);
        return Convert.ToHexStringLower(digest.GetHashAndReset());
    }

    private static SortedDictionary<string, string> Read() =>
        JsonSerializer.Deserialize<SortedDictionary<string, string>>(GoldenFile.Read(File)) is { } read
            ? new(read, StringComparer.Ordinal) : [];

    private static void Write(string key, string digest)
    {
        lock (Writing)
        {
            SortedDictionary<string, string> golden = System.IO.File.Exists(GoldenFile.PathOf(File)) ? Read() : new(StringComparer.Ordinal);
            golden[key] = digest;
            System.IO.File.WriteAllText(GoldenFile.PathOf(File), JsonSerializer.Serialize(golden, JsonSerializerOptions.Web)
                .Replace(",", ",\n  ", StringComparison.Ordinal)
                .Replace("{", "{\n  ", StringComparison.Ordinal).Replace("}", "\n}\n", StringComparison.Ordinal));
        }
    }
}

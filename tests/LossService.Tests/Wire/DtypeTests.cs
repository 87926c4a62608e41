using System.Globalization;
using System.Runtime.InteropServices;
using LossService.Engine;
using LossService.Engine.Numerics;
using LossService.Tests.Wire.Json;
using LossService.Tests.Wire.Safetensors;
using Xunit;

namespace LossService.Tests.Wire;

/// <summary>Every dtype in every format that has little-endian elements: as numbers of both widths, as labels and as
/// flags.</summary>
public sealed class DtypeTests
{
    private const int Float64 = 1;

    public static TheoryData<string, byte[], double[]> Small => new()
    {
        { "BOOL", [0, 1, 1], [0, 1, 1] },
        { "U8", [0, 1, 255], [0, 1, 255] },
        { "I8", Safe.Bytes<sbyte>(0, -128, 127), [0, -128, 127] },
        { "U16", Safe.Bytes<ushort>(0, 1, 65535), [0, 1, 65535] },
        { "I16", Safe.Bytes<short>(0, -32768, 32767), [0, -32768, 32767] },
        { "U32", Safe.Bytes<uint>(0, 1, 4294967295), [0, 1, 4294967295] },
        { "I32", Safe.Bytes(7, -2147483648, 2147483647), [7, -2147483648, 2147483647] },
        { "U64", Safe.Bytes<ulong>(0, 1, 9007199254740992), [0, 1, 9007199254740992] },
        { "I64", Safe.Bytes<long>(0, -5, 9007199254740992), [0, -5, 9007199254740992] },
        { "F16", Safe.Bytes((Half)1.5, (Half)(-2), Half.MaxValue), [1.5, -2, 65504] },
        { "BF16", Safe.Bytes<ushort>(0x3FC0, 0xC000, 0x4380), [1.5, -2, 256] },
        { "F32", Safe.Bytes(0.1f, -2, 1e30f), [0.1f, -2, 1e30f] },
        { "F64", Safe.Bytes(0.1, -2, 1e30), [0.1, -2, 1e30] },
    };

    private static readonly (Func<string, string, byte[], int[], Action<LossRequest>?, Reading> Read, string Name)[] Formats =
    [
        ((input, dtype, bytes, shape, query) => Safe.Read(Safe.File([(input, dtype, shape, bytes)]), query: query), "safetensors"),
        (FromJson, "json"),
    ];

    [Theory]
    [MemberData(nameof(Small))]
    public void Numbers_OfEveryDtype_AreExactOrRoundedOnce(string dtype, byte[] bytes, double[] values)
    {
        foreach ((var read, string format) in Formats)
        {
            using Reading wide = read("logits", dtype, bytes, [values.Length], Safe.Query("dtype", Float64));
            Assert.True(wide.Request.Mistakes.IsEmpty, format);
            Assert.Equal(values, wide["logits"].Float64.ToArray());
            using Reading narrow = read("logits", dtype, bytes, [values.Length], Safe.Query("dtype", 0));
            Assert.True(narrow.Request.Mistakes.IsEmpty, format);
            Assert.Equal(values.Select(one => (float)one), narrow["logits"].Float32.ToArray());
            Assert.Equal(dtype == "F64" ? ["rounded"] : [], narrow.Request.Notes.Select(note => note.Code));
            Assert.Empty(wide.Request.Notes);
        }
    }

    [Theory]
    [MemberData(nameof(Small))]
    public void Labels_OfEveryDtype_AreTheIntegersOrSayWhyNot(string dtype, byte[] bytes, double[] values)
    {
        int[] expected = [.. values.Select(one =>
            one != Math.Truncate(one) ? Labels.NotAnInteger
            : Math.Abs(one) > 1L << 53 ? Labels.TooLarge
            : (int)Math.Clamp(one, int.MinValue + 2L, int.MaxValue))];
        foreach ((string input, var read) in Formats.SelectMany(one => new[] { ("targets", one.Read), ("labels", one.Read) }))
        {
            using Reading reading = read(input, dtype, bytes, [values.Length], null);
            Assert.Empty(reading.Mistakes);
            int place = Reading.Card.PlaceOfInput(input);
            Assert.Equal(expected, reading.Request.LabelTensor(place)!.Label.ToArray());
            Assert.Equal(input == "targets", reading.Request.Tensor(place) is not null);
        }
    }

    [Theory]
    [InlineData("BOOL", 1)]
    [InlineData("U8", 1)]
    [InlineData("I8", 1)]
    [InlineData("U16", 2)]
    [InlineData("I16", 2)]
    [InlineData("U32", 4)]
    [InlineData("I32", 4)]
    [InlineData("U64", 8)]
    [InlineData("I64", 8)]
    public void Flags_OfEveryIntegerType_AreZeroOrOne(string dtype, int size)
    {
        foreach ((var read, _) in Formats)
        {
            byte[] bytes = new byte[4 * size];
            bytes[size] = 1;
            bytes[3 * size] = 1;
            using Reading reading = read("mask", dtype, bytes, [4], null);
            Assert.Empty(reading.Mistakes);
            Assert.Equal([0, 1, 0, 1], reading["mask"].Flag.ToArray());

            bytes[2 * size] = 2;
            bytes[3 * size] = 3;
            using Reading wrong = read("mask", dtype, bytes, [2, 2], null);
            Mistake mistake = wrong.Mistake();
            Assert.Equal(("/mask", "wrong_type", 2), (mistake.Pointer, mistake.Code, mistake.Count));
            Assert.Equal([1, 0], mistake.Index);
        }
    }

    [Theory]
    [InlineData("mask", "F32", "BOOL, U8, I8, U16, I16, U32, I32, U64, I64")]
    [InlineData("mask", "F16", "BOOL, U8, I8, U16, I16, U32, I32, U64, I64")]
    [InlineData("logits", "F8_E4M3", "BOOL, U8, I8, U16, I16, U32, I32, U64, I64, F16, BF16, F32, F64")]
    [InlineData("logits", "f32", "BOOL, U8, I8, U16, I16, U32, I32, U64, I64, F16, BF16, F32, F64")]
    public void Dtype_ThatAnInputDoesNotTake_IsRefusedAndTheRestRead(string input, string dtype, string expected)
    {
        byte[] file = Safe.File([(input, dtype, [1], new byte[dtype.Length == 3 && dtype[1] == '1' ? 2 : 4]), ("weight", "F32", [1], Safe.Bytes(3f))]);
        using Reading reading = Safe.Read(file);
        Mistake mistake = reading.Mistake();
        Assert.Equal(("/" + input, "dtype_unsupported", expected), (mistake.Pointer, mistake.Code, mistake.Expected));
        Assert.Equal(3, reading["weight"].Float32[0]);
    }

    [Fact]
    public void Bool_OtherThanZeroAndOne_IsRefusedEverywhere()
    {
        string[] inputs = ["logits", "targets", "labels", "mask"];
        foreach ((string input, var read) in Formats.SelectMany(one => inputs.Select(input => (input, one.Read))))
        {
            using Reading reading = read(input, "BOOL", [1, 2, 0, 255], [4], null);
            Mistake mistake = reading.Mistake();
            Assert.Equal(("/" + input, "wrong_type", 2), (mistake.Pointer, mistake.Code, mistake.Count));
            Assert.Equal([1], mistake.Index);
        }
    }

    [Fact]
    public void Float64_BeyondFloat32_OverflowsButInfinityStays()
    {
        byte[] bytes = Safe.Bytes(1.0, 1e39, double.PositiveInfinity, -1e300, double.NaN);
        foreach ((var read, _) in Formats)
        {
            using Reading reading = read("targets", "F64", bytes, [5], Safe.Query("dtype", 0));
            Mistake mistake = reading.Mistake();
            Assert.Equal(("/targets", "number_overflow", 2), (mistake.Pointer, mistake.Code, mistake.Count));
            Assert.Equal([1], mistake.Index);
        }
    }

    [Fact]
    public void Halves_AllOfThem_AreExact()
    {
        ushort[] all = [.. Enumerable.Range(0, 65_536).Select(one => (ushort)one)];
        foreach ((var read, _) in Formats)
        {
            using Reading halves = read("logits", "F16", Safe.Bytes<ushort>(all), [all.Length], null);
            using Reading brains = read("logits", "BF16", Safe.Bytes<ushort>(all), [all.Length], null);
            Span<float> half = halves["logits"].Float32;
            Span<float> brain = brains["logits"].Float32;
            for (int i = 0; i < all.Length; i++)
            {
                Assert.Equal(Safe.Text(OfBits(i, exponentBits: 5)), Safe.Text(half[i]));
                Assert.Equal(Safe.Text(OfBits(i, exponentBits: 8)), Safe.Text(brain[i]));
            }
        }
    }

    [Fact]
    public void LongIntegers_InBothWidths_AreRoundedOnceLikeTheirText()
    {
        var random = new Random(5);
        var values = new List<long> { long.MinValue, long.MaxValue, 0, 1, -1 };
        for (int i = 0; i < 20_000; i++)
        {
            // Near the middle between two floats, where two roundings would differ from one.
            long middle = ((1L << 24) + 1 + (2 * random.Next(1 << 22))) << random.Next(1, 38);
            values.Add((middle + random.Next(-2, 3)) * (random.Next(2) == 0 ? 1 : -1));
            values.Add(random.NextInt64(long.MinValue, long.MaxValue));
        }

        byte[] bytes = Safe.Bytes<long>([.. values]);
        ulong[] unsigned = [.. MemoryMarshal.Cast<byte, ulong>(bytes)];
        var read = from format in Formats from input in new[] { "logits", "targets" } select (format.Read, input);
        foreach ((var from, string input) in read)
        {
            using Reading narrow = from(input, "I64", bytes, [values.Count], null);
            using Reading wide = from(input, "I64", bytes, [values.Count], Safe.Query("dtype", Float64));
            using Reading narrowUnsigned = from(input, "U64", bytes, [values.Count], null);
            using Reading wideUnsigned = from(input, "U64", bytes, [values.Count], Safe.Query("dtype", Float64));
            int place = Reading.Card.PlaceOfInput(input);
            for (int i = 0; i < unsigned.Length; i++)
            {
                string text = values[i].ToString(CultureInfo.InvariantCulture);
                Assert.Equal(float.Parse(text, CultureInfo.InvariantCulture), narrow.Request.Tensor(place)!.Float32[i]);
                Assert.Equal(double.Parse(text, CultureInfo.InvariantCulture), wide.Request.Tensor(place)!.Float64[i]);
                text = unsigned[i].ToString(CultureInfo.InvariantCulture);
                Assert.Equal(float.Parse(text, CultureInfo.InvariantCulture), narrowUnsigned.Request.Tensor(place)!.Float32[i]);
                Assert.Equal(double.Parse(text, CultureInfo.InvariantCulture), wideUnsigned.Request.Tensor(place)!.Float64[i]);
            }
        }
    }

    [Fact]
    public void Labels_AtTheirEdges_AreNoneBeyondWhatDoublesHold()
    {
        byte[] signed = Safe.Bytes(1L << 53, (1L << 53) + 1, -(1L << 53) - 1, long.MinValue, -1L);
        byte[] floats = Safe.Bytes(2.0, 1.5, -0.0, double.NaN, double.PositiveInfinity, 1e300, 9007199254740994, 9007199254740992, -9007199254740992);
        foreach ((var read, _) in Formats)
        {
            using Reading longs = read("labels", "I64", signed, [5], null);
            Assert.Equal([int.MaxValue, Labels.TooLarge, Labels.TooLarge, Labels.TooLarge, -1], longs["labels"].Label.ToArray());
            using Reading ulongs = read("labels", "U64", Safe.Bytes(3UL, ulong.MaxValue, 1UL << 63), [3], null);
            Assert.Equal([3, Labels.TooLarge, Labels.TooLarge], ulongs["labels"].Label.ToArray());
            using Reading doubles = read("labels", "F64", floats, [9], null);
            Assert.Equal(
                [2, Labels.NotAnInteger, 0, Labels.NotAnInteger, Labels.NotAnInteger, Labels.TooLarge, Labels.TooLarge, Labels.Above, Labels.Below],
                doubles["labels"].Label.ToArray());
        }
    }

    [Theory]
    [InlineData("F64", "F32", null, true)]
    [InlineData("F32", "F64", null, false)]
    [InlineData("F16", "F64", null, false)]
    [InlineData("BF16", "I64", null, false)]
    [InlineData("F64", "F64", "float32", false)]
    [InlineData("F32", "F32", "float64", true)]
    public void Dtype_NotGiven_IsThatOfThePredictions(string logits, string targets, string? option, bool isFloat64)
    {
        byte[] file = Safe.File(
            [("targets", targets, [1], new byte[targets[^2..] == "64" ? 8 : 4]), ("logits", logits, [1, 1], new byte[logits[^2..] switch { "64" => 8, "32" => 4, _ => 2 }])],
            option is null ? [] : [("dtype", option)]);
        using Reading reading = Safe.Read(file);
        Assert.Empty(reading.Mistakes);
        Assert.Equal(isFloat64, reading.Request.IsFloat64);
        Assert.Equal(isFloat64 ? Element.Float64 : Element.Float32, reading["logits"].Element);
        Assert.Equal(isFloat64 ? Element.Float64 : Element.Float32, reading["targets"].Element);
    }

    private static Reading FromJson(string input, string dtype, byte[] bytes, int[] shape, Action<LossRequest>? query)
    {
        string name = dtype == "BOOL" ? "bool"
            : dtype.Replace("BF", "bfloat").Replace("F", "float").Replace("I", "int").Replace("U", "uint");
        string body = $"{{\"{input}\":{{\"shape\":[{string.Join(',', shape)}],\"dtype\":\"{name}\","
            + $"\"base64\":\"{Convert.ToBase64String(bytes)}\"}}}}";
        return Reading.Of(body, query: query);
    }

    // The definition: sign, exponent with a bias, fraction; no exponent means subnormal, all of it infinity or NaN.
    private static double OfBits(int bits, int exponentBits)
    {
        int fractionBits = 15 - exponentBits;
        int bias = (1 << (exponentBits - 1)) - 1;
        int exponent = bits >> fractionBits & ((1 << exponentBits) - 1);
        double fraction = (bits & ((1 << fractionBits) - 1)) / (double)(1 << fractionBits);
        double magnitude = exponent == 2 * bias + 1 ? fraction == 0 ? double.PositiveInfinity : double.NaN
            : exponent == 0 ? Math.ScaleB(fraction, 1 - bias) : Math.ScaleB(1 + fraction, exponent - bias);
        return bits >> 15 == 0 ? magnitude : -magnitude;
    }
}

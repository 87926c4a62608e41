using System.Globalization;
using System.Numerics;
using LossService.Wire.Numbers;
using Xunit;

namespace LossService.Tests.Wire.Numbers;

/// <summary>Texts that are known to be hard, of the kinds that V. Paxson (1991), D. Gay and N. Tao (parse-number-fxx)
/// publish: close to middles, at boundaries, long. Each is read alone and in a run, and compared by exact arithmetic
/// with the middles to both neighbours.</summary>
[Trait("Set", "Engine")]
public class PublishedTextsTests
{
    private const string Doubles = """
        5e125 69e267 999e-26 7861e-34 75569e-254 928609e-261 9210917e80 84863171e114 653777767e273 5232604057e-298
        27235667517e-109 653532977297e-123 3142213164987e-294 46202199371337e-72 231010996856685e-73
        9324754620109615e212 78459735791271921e49 272104041512242479e200 6802601037806061975e198
        20505426358836677347e-221 836168422905420598437e-234 4891559871276714924261e222 9e-265 85e-37 623e100
        3571e263 81661e153 920657e-23 4603285e-24 87575437e-309 245540327e122 6138508175e120 83356057653e193
        619534293513e124 2335141086879e218 36167929443327e-159 609610927149051e-255 3743626360493413e-165
        94080055902682397e-242 899810892172646163e283 7120190517612959703e120 25188282901709339043e-252
        308984926168550152811e-52 6372891218502368041059e64 8511030020275656e-342 5201988407066741e-824
        1e23 8.5e22 9.5e-5 7.2057594037927933e16 7.2057594037927936e16 72057594037927945 9007199254740992
        9007199254740993 9007199254740994 9007199254740995 9007199254740991.4999999999999999999999999999999995
        9223372036854776833 18014398509481990 3.518437208883201171875e13 62.5364939768271845828 8.10109172351e-10
        1.50000000000000011102230246251565 1.00000000000000011102230246251565404236316680908203125
        1.00000000000000011102230246251565404236316680908203124 0.500000000000000166533453693773481063544750213623046875
        1.00000000000000011102230246251565404236316680908203126 1.00000000000000033306690738754696212708950042724609375
        2.2250738585072011e-308 2.2250738585072012e-308 2.2250738585072013e-308 2.2250738585072014e-308
        2.2250738585072015e-308 4.4501477170144023e-308 6.631236846766476e-316
        2.2250738585072011360574097967091319759348195463516456480234261097e-308 3.237883913302901e-319
        4.9406564584124654e-324 2.4703282292062327208e-324 2.4703282292062328e-324
        7.4109846876186981626485318930233205854758970392148714663837852375e-324 1e-323 3e-324
        1.7976931348623157e308 1.7976931348623158e308 1.797693134862315807e308 179769313486231570814527423731704356e273
        2.7538e-44 5708990770823838890407843763683279797179383808e0 0.000000000000000000000000000000000000012345
        1234567890123456789012345678901234567890e-40 9.881312916824931e-324 1.3407807929942597e154
        """;

    private const string Floats = """
        5e-20 67e14 985e15 7693e-42 55895e-16 996622e-44 7038531e-32 60419369e-46 702990899e-48 6930161142e-48
        25933168707e-48 596428896559e20 3e-23 57e18 789e-35 2539e-18 76173e28 887745e-11 5382571e-37 82381273e-35
        750486563e-38 3752432815e-39 75224575729e-45 459926601011e15 16777217 16777219 16777216.999999999 16777217.1
        33554434 33554438 8388608.5 8388609.5 8388612.5 8388614.5 1.00000005960464477539062 1.000000059604644775390625
        1.00000005960464477539063 1.00000017881393432617187499 1.000000178813934326171875 1.00000017881393432617187501
        7.0064923216240853e-46 7.0064923216240854e-46 7.006492321624085354618e-46 2.1019476964872256e-45 1e-45 3e-46
        1.1754942807573642e-38 1.1754942807573643e-38 1.1754942807573644e-38 1.1754943508222875e-38
        1.1754944208872107e-38 1.17549428075736429173e-38 2.3509887016445750159e-38 4.7019774032891500318e-38
        0.00036393693703440577 3.4028234663852886e38 3.4028235e38 3.40282356e38 3.4028235677973366e38
        340282356779733661637539395458142568447
        1e-37 1e22 1e10 1e11 1.40129846e-45 0.09999999403953552 0.1 0.2 0.3 1.17549435e-38 0.0000000596046447753906251
        """;

    [Fact]
    public void Read_PublishedDoubles_AreNearest()
    {
        foreach (string text in Split(Doubles))
        {
            Assert.Equal(NumberStatus.Ok, NumberReader.Read(Texts.Bytes(text), true, out double alone, out _));
            var run = new double[9];
            byte[] bytes = Texts.Bytes(string.Join(',', Enumerable.Repeat(text, run.Length)) + "]");
            Assert.Equal(RunStatus.AfterNumber, NumberReader.ReadRun(bytes, true, run, out _, out _));
            ulong bits = BitConverter.DoubleToUInt64Bits(alone);
            Assert.All(run, value => Assert.Equal(bits, BitConverter.DoubleToUInt64Bits(value)));
            Assert.True(IsNearest(text, bits, 52, 1075), text);
        }
    }

    [Fact]
    public void Read_PublishedFloats_AreNearest()
    {
        foreach (string text in Split(Floats))
        {
            Assert.Equal(NumberStatus.Ok, NumberReader.Read(Texts.Bytes(text), true, out float alone, out _));
            var run = new float[9];
            byte[] bytes = Texts.Bytes(string.Join(',', Enumerable.Repeat(text, run.Length)) + "]");
            Assert.Equal(RunStatus.AfterNumber, NumberReader.ReadRun(bytes, true, run, out _, out _));
            uint bits = BitConverter.SingleToUInt32Bits(alone);
            Assert.All(run, value => Assert.Equal(bits, BitConverter.SingleToUInt32Bits(value)));
            Assert.True(IsNearest(text, bits, 23, 150), text);
        }
    }

    private static string[] Split(string texts) =>
        texts.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);

    // Between the middles to both neighbours, on one of them only if the significand is even.
    private static bool IsNearest(string text, ulong bits, int stored, int bias)
    {
        int exponent = (int)(bits >> stored);
        ulong fraction = bits & ((1UL << stored) - 1);
        BigInteger significand = fraction + (exponent > 0 ? 1UL << stored : 0);
        int power = Math.Max(exponent, 1) - bias;

        // In quarters of the last place; at a power of two the neighbour below is only half as far.
        int above = Compare(text, (4 * significand) + 2, power - 2);
        int below = Compare(text, (4 * significand) - (fraction == 0 && exponent > 1 ? 1 : 2), power - 2);
        return bits % 2 == 0 ? above <= 0 && below >= 0 : above < 0 && below > 0;
    }

    // The sign of text - factor 2^power.
    private static int Compare(string text, BigInteger factor, int power)
    {
        string[] parts = text.Split('e');
        int point = parts[0].IndexOf('.', StringComparison.Ordinal);
        int behind = point < 0 ? 0 : parts[0].Length - point - 1;
        int ten = (parts.Length > 1 ? int.Parse(parts[1], CultureInfo.InvariantCulture) : 0) - behind;
        string digits = parts[0].Replace(".", "", StringComparison.Ordinal);
        BigInteger left = BigInteger.Parse(digits, CultureInfo.InvariantCulture)
            * BigInteger.Pow(10, Math.Max(ten, 0)) * BigInteger.Pow(2, Math.Max(-power, 0));
        BigInteger right = factor * BigInteger.Pow(2, Math.Max(power, 0)) * BigInteger.Pow(10, Math.Max(-ten, 0));
        return left.CompareTo(right);
    }
}

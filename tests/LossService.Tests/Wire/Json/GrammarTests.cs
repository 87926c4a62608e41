using System.Text;
using LossService.Engine;
using LossService.Wire;
using Xunit;

namespace LossService.Tests.Wire.Json;

/// <summary>RFC 8259, nothing more. Each document stands as the value of an unknown member, where anything goes that is
/// JSON, and is read whole, byte by byte, and in random pieces.</summary>
public class GrammarTests
{
    private static readonly ReadLimits Deep = Reading.Limits with { DepthMax = 64 };

    public static TheoryData<string> Accepted { get; } =
    [
        "[]", "{}", "[[]   ]", "[\"\"]", "[true]", "[false]", "[null]", " [1] ", "[1,null,null,null,2]", "[2] \n\t\r",
        "0", "-0", "-0.0", "123", "-123", "1.5", "1e5", "1E5", "1e+5", "1E-5", "0e1", "0e+1", "1.5e3", "-1", "20e1",
        "123456789012345678901234567890", "1e400", "-1e-400", "0.0000000000000000000000000000000000000000000000000001",
        "\"\"", "\"abc\"", "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\u0000\"", "\"\\u00e9\"", "\"\\uD801\\udc37\"", "\"\\uDBFF\\uDFFF\"",
        "\"\u00e9\u20ac\ud83d\ude00\"", "\"\u007f\"", "\"\ufeff\"", "\"\uffff\"", "\"\u2028\u2029\"", "\"/\"", "\"a/*b*/c\"", "\"\\u0022\"",
        "{\"a\":1}", "{\"\":0}", "{\"a\":[]}", "{\"a\":{\"b\":{}},\"c\":[[],{}]}", "{\"\\u0061b\":\"\\ud83d\\ude00\"}", "[1,[2,[3,{}]]]",
    ];

    public static TheoryData<string> Rejected { get; } =
    [
        // Numbers
        "01", "-01", "1.", ".5", "-.5", "-", "+1", "1e", "1e+", "1E-", "1.e1", "0x1", "1_000", "1.2.3", "1-2", "1e5.5", "1ee5", "--1", "00",
        "-0x", "1 000", "0e", "0.e1", "2.e+3", "-2.", "1+2", "9.e+", "\uff11", "1a", "-a", "-1x", "0.1.2",
        "NaN", "Infinity", "-Infinity", "-NaN", "+Inf", "nan", "inf", "-inf", "[1,NaN]",
        // Words
        "tru", "True", "TRUE", "nul", "nulll", "truefalse", "true1", "None", "undefined", "a", "fals", "\u00e9",
        // Structure
        "", "[", "[1", "[1,", "[1,]", "[,1]", "[1,,2]", "[1 2]", "[1:2]", "]", "[1}", "[1]]", "[\"a\"", "[\"a\",", "[1,\n1\n,1", "[[", "[]]", "[,]",
        "{", "{\"a\"", "{\"a\":", "{\"a\":1", "{\"a\":1,", "{\"a\":1,}", "{,}", "{\"a\" 1}", "{\"a\"::1}", "{\"a\":1 \"b\":2}", "{a:1}", "{1:1}", "{'a':1}",
        "{\"a\",1}", "{\"a\":1,,\"b\":2}", "{[]:1}", "{null:1}", "{\"a\":\"b\"]", "{\"a\":\"b\"}}", "{\"a\":1}x", "[1]x", "1 2", "[] []", "{}{}", "[]\0", "\0",
        // Comments
        "/**/1", "1/**/", "[1//x\n]", "#1", "[1/**/]",
        // Strings
        "\"", "\"a", "'a'", "\"\\x\"", "\"\\u\"", "\"\\u12\"", "\"\\u123g\"", "\"\\ud800\"", "\"\\udc00\"", "\"\\ud800\\ud800\"", "\"\\ud800a\"",
        "\"\\ud800\\n\"", "\"\\udc00\\ud800\"", "\"\\U0061\"", "\"a\tb\"", "\"a\nb\"", "\"\u0000\"", "\"\u001f\"", "\"\\\"", "\"\\a\"", "\"a\"b\"", "\"\\\u0000\"",
        // White space that is none
        "\f1", "\v1", "\u00a01", "\u20281", "\ufeff1", "[\ufeff]", "1\ufeff", "\u2060[]",
    ];

    public static TheoryData<string> InvalidUtf8 { get; } =
    [
        "80", "C0AF", "C1BF", "E08080", "E09FBF", "EDA080", "EDBFBF", "F08080AF", "F08FBFBF", "F4908080", "F5808080", "F8888080", "FE", "FF",
        "C3", "E282", "F09F98", "C328", "E28228", "F09F2880", "C3C3A9", "E9", "BF",
    ];

    [Theory]
    [MemberData(nameof(Accepted))]
    public void Document_ThatIsJson_IsAccepted(string document)
    {
        foreach (Reading reading in Ways(Encoding.UTF8.GetBytes(document)))
        {
            using (reading)
            {
                Assert.Equal(Codes.UnknownMember, reading.Mistake().Code);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Rejected))]
    public void Document_ThatIsNotJson_IsRefused(string document)
    {
        foreach (Reading reading in Ways(Encoding.UTF8.GetBytes(document)))
        {
            using (reading)
            {
                Assert.Equal(Codes.MalformedJson, reading.Mistakes[^1].Code);
                Assert.Matches(@"^line \d+, byte \d+: expected .+, found .+$", reading.Mistakes[^1].Detail);
            }
        }
    }

    [Theory]
    [MemberData(nameof(InvalidUtf8))]
    public void Text_ThatIsNotUtf8_IsRefusedInNamesAndValues(string bytes)
    {
        byte[] quoted = [(byte)'"', .. Convert.FromHexString(bytes), (byte)'"'];
        byte[] name = [(byte)'{', .. quoted, (byte)':', (byte)'1', (byte)'}'];
        byte[] base64 = [.. "{\"logits\":{\"base64\":"u8, .. quoted, .. ",\"shape\":[1]}}"u8];
        foreach (byte[] body in new[] { name, base64 })
        {
            using Reading reading = Reading.Of(body);
            Assert.Equal(Codes.MalformedJson, reading.Mistakes[^1].Code);
        }

        foreach (Reading reading in Ways(quoted))
        {
            using (reading)
            {
                Assert.Equal(Codes.MalformedJson, reading.Mistakes[^1].Code);
            }
        }
    }

    [Theory]
    [InlineData("{}", true)]
    [InlineData("\ufeff{}", true)]
    [InlineData("\ufeff {\"logits\":[1]}", true)]
    [InlineData("\ufeff\ufeff{}", false)]
    [InlineData(" \ufeff{}", false)]
    [InlineData("{}\ufeff", false)]
    [InlineData("\ufeff", false)]
    [InlineData("", false)]
    [InlineData("  \n", false)]
    [InlineData("{} {}", false)]
    [InlineData("{}\n]", false)]
    public void Body_WithMarksAndRests_IsJudgedAsAWhole(string body, bool accepted)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(body);
        foreach (int size in new[] { 1, 2, 100 })
        {
            using Reading reading = Reading.Of(Pieces.Of(bytes, size));
            Assert.Equal(accepted ? 0 : 1, reading.Mistakes.Count);
        }
    }

    [Theory]
    [InlineData("{\"logits\":[1,\n 2,,3]}", "line 2, byte 17: expected a value, found a comma")]
    [InlineData("{\"logits\":[NaN]}", "line 1, byte 11: expected a value, found a bare word; send the strings \"NaN\", \"Infinity\", \"-Infinity\"")]
    [InlineData("{\"logits\":[-Infinity]}", "line 1, byte 12: expected a digit, found a letter; send the strings \"NaN\", \"Infinity\", \"-Infinity\"")]
    [InlineData("{\"logits\":[1,2.]}", "line 1, byte 15: expected a digit, found ]")]
    [InlineData("{\"logits\":[1,2]", "line 1, byte 15: expected }, found the end of the body")]
    [InlineData("{\"logits\":[1,", "line 1, byte 13: expected ], found the end of the body")]
    [InlineData("{\"logits\":[-", "line 1, byte 12: expected a digit, found the end of the body")]
    [InlineData("\r\n\r\n", "line 3, byte 4: expected an object, found the end of the body")]
    [InlineData("{'a':1}", "line 1, byte 1: expected a member's name in double quotes, or }, found a single quote")]
    public void MalformedJson_Anywhere_IsPlacedByLineAndByte(string body, string detail)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(body);
        foreach (int size in new[] { 1, 3, 1_000 })
        {
            using Reading reading = Reading.Of(Pieces.Of(bytes, size));
            Assert.Equal(detail, reading.Mistake().Detail);
        }
    }

    private static IEnumerable<Reading> Ways(byte[] document)
    {
        byte[] body = [.. "{\"x\":"u8, .. document, (byte)'}'];
        yield return Reading.Of(Pieces.Whole(body), Deep);
        yield return Reading.Of(Pieces.Of(body, 1), Deep);
        yield return Reading.Of(Pieces.Random(body, new Random(7), 4), Deep);
    }
}

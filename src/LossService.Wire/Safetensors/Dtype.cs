using System.Text;
using LossService.Engine.Cards;

namespace LossService.Wire.Safetensors;

/// <summary>What the bytes of one element are.</summary>
internal enum Dtype
{
    /// <summary>One byte, 0 or 1.</summary>
    Bool,

    /// <summary>An unsigned integer of 1 byte.</summary>
    U8,

    /// <summary>A signed integer of 1 byte.</summary>
    I8,

    /// <summary>An unsigned integer of 2 bytes.</summary>
    U16,

    /// <summary>A signed integer of 2 bytes.</summary>
    I16,

    /// <summary>An unsigned integer of 4 bytes.</summary>
    U32,

    /// <summary>A signed integer of 4 bytes.</summary>
    I32,

    /// <summary>An unsigned integer of 8 bytes.</summary>
    U64,

    /// <summary>A signed integer of 8 bytes.</summary>
    I64,

    /// <summary>A float of 2 bytes with 5 bits of exponent (IEEE 754 binary16).</summary>
    F16,

    /// <summary>A float of 2 bytes with 8 bits of exponent: the upper half of an F32.</summary>
    BF16,

    /// <summary>A float of 4 bytes.</summary>
    F32,

    /// <summary>A float of 8 bytes.</summary>
    F64,
}

/// <summary>The dtypes by name and size, and which of them an input takes.</summary>
internal static class Dtypes
{
    private static readonly string[] Names =
        ["BOOL", "U8", "I8", "U16", "I16", "U32", "I32", "U64", "I64", "F16", "BF16", "F32", "F64"];

    private static readonly string All = string.Join(", ", Names);
    private static readonly string Integers = string.Join(", ", Names[..((int)Dtype.I64 + 1)]);

    /// <summary>The dtype of this name, or null.</summary>
    public static Dtype? Parse(ReadOnlySpan<byte> name)
    {
        for (int one = 0; one < Names.Length; one++)
        {
            if (Ascii.Equals(name, Names[one]))
            {
                return (Dtype)one;
            }
        }

        return null;
    }

    /// <summary>The name in a header.</summary>
    public static string NameOf(Dtype type) => Names[(int)type];

    /// <summary>How many bytes one element takes.</summary>
    public static int SizeOf(Dtype type) => type switch
    {
        Dtype.Bool or Dtype.U8 or Dtype.I8 => 1,
        Dtype.U16 or Dtype.I16 or Dtype.F16 or Dtype.BF16 => 2,
        Dtype.U32 or Dtype.I32 or Dtype.F32 => 4,
        _ => 8,
    };

    /// <summary>True unless the elements would be no flags although the input wants flags.</summary>
    public static bool Suits(Dtype type, Input input) => !input.IsFlag || type <= Dtype.I64;

    /// <summary>The names of the dtypes that an input takes, for messages.</summary>
    /// <param name="input">The input; null for a tensor that is none.</param>
    public static string Expected(Input? input) => input is { IsFlag: true } ? Integers : All;
}

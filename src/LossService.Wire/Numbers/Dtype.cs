using System.Text;
using LossService.Engine.Cards;

namespace LossService.Wire.Numbers;

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

/// <summary>How many bytes a dtype takes, and which inputs take it.</summary>
internal static class Dtypes
{
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
}

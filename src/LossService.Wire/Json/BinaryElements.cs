using System.Diagnostics;
using System.Runtime.InteropServices;
using LossService.Engine.Numerics;

namespace LossService.Wire.Json;

/// <summary>What the bytes of a tensor in base64 are.</summary>
internal enum BinaryType
{
    /// <summary>4-byte floats.</summary>
    Float32,

    /// <summary>8-byte floats.</summary>
    Float64,

    /// <summary>4-byte signed integers.</summary>
    Int32,

    /// <summary>8-byte signed integers.</summary>
    Int64,

    /// <summary>Bytes, 0 or 1.</summary>
    Bool,
}

/// <summary>Turns little-endian elements of any type into those that an input wants.</summary>
internal static class BinaryElements
{
    /// <summary>The type of this name, or null.</summary>
    public static BinaryType? Parse(ReadOnlySpan<byte> name) => name switch
    {
        _ when name.SequenceEqual("float32"u8) => BinaryType.Float32,
        _ when name.SequenceEqual("float64"u8) => BinaryType.Float64,
        _ when name.SequenceEqual("int32"u8) => BinaryType.Int32,
        _ when name.SequenceEqual("int64"u8) => BinaryType.Int64,
        _ when name.SequenceEqual("bool"u8) => BinaryType.Bool,
        _ => null,
    };

    /// <summary>The name on the wire.</summary>
    public static string NameOf(BinaryType type) => type switch
    {
        BinaryType.Float32 => "float32",
        BinaryType.Float64 => "float64",
        BinaryType.Int32 => "int32",
        BinaryType.Int64 => "int64",
        _ => "bool",
    };

    /// <summary>How many bytes one element takes.</summary>
    public static int SizeOf(BinaryType type) => type switch
    {
        BinaryType.Float64 or BinaryType.Int64 => 8,
        BinaryType.Bool => 1,
        _ => 4,
    };

    /// <summary>Adds all elements; counts bytes that are no flags, and numbers too large for the sink.</summary>
    public static void AddTo(
        ElementSink sink, ReadOnlySpan<byte> bytes, BinaryType type, ref Tally wrong, ref Tally overflow)
    {
        Debug.Assert(BitConverter.IsLittleEndian, "the platforms of .NET 10 that we ship are little-endian");
        int count = bytes.Length / SizeOf(type);
        for (int offset = 0; offset < count; offset++)
        {
            bool fits = true;
            switch (type)
            {
                case BinaryType.Float32:
                    float single = MemoryMarshal.Cast<byte, float>(bytes)[offset];
                    fits = sink.Add(single, Labels.Of(single));
                    break;
                case BinaryType.Float64:
                    double wide = MemoryMarshal.Cast<byte, double>(bytes)[offset];
                    fits = sink.Add(wide, Labels.Of(wide));
                    break;
                case BinaryType.Int32:
                    int small = MemoryMarshal.Cast<byte, int>(bytes)[offset];
                    fits = sink.Add(small, Labels.Of(small));
                    break;
                case BinaryType.Int64:
                    long large = MemoryMarshal.Cast<byte, long>(bytes)[offset];
                    fits = sink.Add(large, Labels.Of(large));
                    break;
                default:
                    sink.Add(bytes[offset] == 1);
                    if (bytes[offset] > 1)
                    {
                        wrong.Add([offset], "bytes that are 0 or 1", "another byte");
                    }

                    break;
            }

            if (!fits)
            {
                overflow.Add([offset], "a float32", "a larger number");
            }
        }
    }
}

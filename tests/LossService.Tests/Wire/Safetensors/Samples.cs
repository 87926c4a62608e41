namespace LossService.Tests.Wire.Safetensors;

/// <summary>Good files from which tests make others.</summary>
internal static class Samples
{
    /// <summary>Every kind of input, several dtypes, options, an empty tensor.</summary>
    public static byte[] All { get; } = Safe.File(
        [
            ("targets", "I64", [2], Safe.Bytes(1L, 0L)), ("mask", "BOOL", [2], [1, 0]), ("logits", "F32", [2, 3], Safe.Bytes(1f, 2, 3, 4, 5, 6)),
            ("labels", "U8", [2], [3, 4]), ("sample_weight", "F16", [0], []), ("weight", "BF16", [3], Safe.Bytes<ushort>(0x3FC0, 0, 0x4380)),
        ],
        ("reduction", "sum"), ("gradients", "logits"), ("alpha", "null"), ("format", "pt"));

    public static byte[][] Files { get; } =
    [
        All,
        Safe.File([("logits", "F64", [2], Safe.Bytes(0.1, double.NaN)), ("targets", "F32", [2], Safe.Bytes(0.5f, 1))]),
        Safe.File([("logits", "F64", [], Safe.Bytes(1e300)), ("labels", "I16", [1], Safe.Bytes<short>(5))], ("dtype", "float32")),
        Safe.File([("unknown", "F32", [1], Safe.Bytes(1f)), ("logits", "I8", [2, 0, 2], []), ("weight", "U64", [1], Safe.Bytes(7UL))]),
        Safe.File("{}   "),
    ];
}

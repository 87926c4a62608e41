using System.Text;
using LossService.Engine.Cards;

namespace LossService.Wire.Numbers;

/// <summary>What the dtypes are called in one format.</summary>
public sealed class DtypeNames
{
    private readonly string[] _names; // in the order of Dtype
    private readonly string _allListed;
    private readonly string _integersListed;

    private DtypeNames(params string[] names)
    {
        _names = names;
        _allListed = string.Join(", ", All);
        _integersListed = string.Join(", ", Integers);
    }

    /// <summary>Beside base64 in JSON.</summary>
    public static DtypeNames Json { get; } = new(
        "bool", "uint8", "int8", "uint16", "int16", "uint32", "int32", "uint64", "int64", "float16", "bfloat16",
        "float32", "float64");

    /// <summary>In the header of a safetensors file.</summary>
    public static DtypeNames Safetensors { get; } = new(
        "BOOL", "U8", "I8", "U16", "I16", "U32", "I32", "U64", "I64", "F16", "BF16", "F32", "F64");

    /// <summary>What numbers and labels may be.</summary>
    public IReadOnlyList<string> All => _names;

    /// <summary>What flags may be.</summary>
    public IReadOnlyList<string> Integers => _names[..((int)Dtype.I64 + 1)];

    /// <summary>The names of the dtypes that an input takes, for messages.</summary>
    /// <param name="input">The input; null for a tensor that is none.</param>
    internal string Expected(Input? input) => input is { IsFlag: true } ? _integersListed : _allListed;

    /// <summary>The dtype of this name, or null.</summary>
    internal Dtype? Parse(ReadOnlySpan<byte> name)
    {
        for (int one = 0; one < _names.Length; one++)
        {
            if (Ascii.Equals(name, _names[one]))
            {
                return (Dtype)one;
            }
        }

        return null;
    }

    /// <summary>The name of a dtype.</summary>
    internal string Of(Dtype type) => _names[(int)type];
}

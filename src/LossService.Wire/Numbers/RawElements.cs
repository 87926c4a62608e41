using System.Diagnostics;
using System.Runtime.InteropServices;
using LossService.Engine;
using LossService.Engine.Numerics;

namespace LossService.Wire.Numbers;

/// <summary>Turns the little-endian elements of one tensor into those that its input wants: as floats, as labels, as
/// both, or as flags. A number is rounded at most once; what is wrong is counted.</summary>
/// <param name="type">What the elements are.</param>
/// <param name="element">What they become beside labels.</param>
internal struct RawElements(Dtype type, Element element)
{
    private Tally _wrong;
    private Tally _overflow;

    /// <summary>How many elements were taken.</summary>
    public int Count { get; private set; }

    /// <summary>How many bytes one element takes.</summary>
    public readonly int Size => Dtypes.SizeOf(type);

    /// <summary>True when the bytes are those of the tensor already.</summary>
    public readonly bool IsStored => (type, element) is (Dtype.F32, Element.Float32) or (Dtype.F64, Element.Float64);

    /// <summary>True when the caller should know that his numbers lost digits.</summary>
    public readonly bool Rounds => (type, element) is (Dtype.F64, Element.Float32);

    /// <summary>Takes the next elements.</summary>
    /// <param name="bytes">Whole elements.</param>
    /// <param name="numbers">Room for exactly as many floats or flags; empty when none are wanted.</param>
    /// <param name="labels">Room for exactly as many labels; empty when none are wanted.</param>
    public void Take(ReadOnlySpan<byte> bytes, Span<byte> numbers, Span<int> labels)
    {
        Debug.Assert(BitConverter.IsLittleEndian, "the platforms of .NET 10 that we ship are little-endian");
        switch (type)
        {
            case Dtype.Bool:
                FindNonFlags(bytes);
                Take<Plain<byte>>(bytes, numbers, labels);
                break;
            case Dtype.U8:
                Take<Plain<byte>>(bytes, numbers, labels);
                break;
            case Dtype.I8:
                Take<Plain<sbyte>>(bytes, numbers, labels);
                break;
            case Dtype.U16:
                Take<Plain<ushort>>(bytes, numbers, labels);
                break;
            case Dtype.I16:
                Take<Plain<short>>(bytes, numbers, labels);
                break;
            case Dtype.U32:
                Take<Plain<uint>>(bytes, numbers, labels);
                break;
            case Dtype.I32:
                Take<Plain<int>>(bytes, numbers, labels);
                break;
            case Dtype.U64:
                Take<UInt64Raw>(bytes, numbers, labels);
                break;
            case Dtype.I64:
                Take<Int64Raw>(bytes, numbers, labels);
                break;
            case Dtype.F16:
                Take<Plain<Half>>(bytes, numbers, labels);
                break;
            case Dtype.BF16:
                Take<BrainFloat>(bytes, numbers, labels);
                break;
            case Dtype.F32:
                Take<Plain<float>>(bytes, numbers, labels);
                break;
            default:
                Take<Plain<double>>(bytes, numbers, labels);
                break;
        }
    }

    /// <summary>Tells what was found wrong with the elements so far.</summary>
    public readonly void Report(Mistakes mistakes, string pointer, Shape shape)
    {
        _wrong.Report(mistakes, pointer, Codes.WrongType, shape);
        _overflow.Report(mistakes, pointer, Codes.NumberOverflow, shape);
    }

    private void Take<TRaw>(ReadOnlySpan<byte> bytes, Span<byte> numbers, Span<int> labels)
        where TRaw : unmanaged, IRaw<TRaw>
    {
        ReadOnlySpan<TRaw> raws = MemoryMarshal.Cast<byte, TRaw>(bytes);
        if (numbers.Length > 0)
        {
            switch (element)
            {
                case Element.Flag:
                    ToFlags(raws, numbers);
                    break;
                case Element.Float64:
                    ToDoubles(raws, MemoryMarshal.Cast<byte, double>(numbers));
                    break;
                default:
                    ToSingles(raws, MemoryMarshal.Cast<byte, float>(numbers));
                    break;
            }
        }

        for (int i = 0; i < labels.Length; i++)
        {
            labels[i] = TRaw.Label(raws[i]);
        }

        Count += raws.Length;
    }

    private static void ToDoubles<TRaw>(ReadOnlySpan<TRaw> raws, Span<double> numbers)
        where TRaw : unmanaged, IRaw<TRaw>
    {
        for (int i = 0; i < raws.Length; i++)
        {
            numbers[i] = TRaw.Wide(raws[i]);
        }
    }

    private void ToSingles<TRaw>(ReadOnlySpan<TRaw> raws, Span<float> numbers) where TRaw : unmanaged, IRaw<TRaw>
    {
        for (int i = 0; i < raws.Length; i++)
        {
            numbers[i] = TRaw.Narrow(raws[i]);

            // Only doubles reach beyond the floats.
            if (typeof(TRaw) == typeof(Plain<double>) && float.IsInfinity(numbers[i])
                && double.IsFinite(TRaw.Wide(raws[i])))
            {
                _overflow.Add([Count + i], "a float32", "a larger number");
            }
        }
    }

    private void ToFlags<TRaw>(ReadOnlySpan<TRaw> raws, Span<byte> flags) where TRaw : unmanaged, IRaw<TRaw>
    {
        for (int i = 0; i < raws.Length; i++)
        {
            double value = TRaw.Wide(raws[i]);
            flags[i] = value == 0 ? (byte)0 : (byte)1;
            if (value is not (0 or 1) && type != Dtype.Bool)
            {
                _wrong.Add([Count + i], "integers that are 0 or 1", "another integer");
            }
        }
    }

    private void FindNonFlags(ReadOnlySpan<byte> bytes)
    {
        int first = bytes.IndexOfAnyExceptInRange((byte)0, (byte)1);
        for (int i = first; i >= 0 && i < bytes.Length; i++)
        {
            if (bytes[i] > 1)
            {
                _wrong.Add([Count + i], "bytes that are 0 or 1", "another byte");
            }
        }
    }
}

using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using LossService.Engine;
using LossService.Engine.Cards;
using LossService.Engine.Numerics;
using LossService.Wire.Json;

namespace LossService.Wire.Safetensors;

/// <summary>Fills the tensors of one input from bytes as they arrive: as floats, as labels, as both, or as flags, as
/// the card wants them.</summary>
/// <remarks>Bytes that are floats of the wanted precision already are only copied, from the pipe to their place; others
/// are converted piece by piece. Holds at most two leases; <see cref="Dispose"/> gives back what no request
/// took.</remarks>
internal sealed class TensorFiller(LossRequest request, TensorPool pool) : IDisposable
{
    private readonly ClaimedBuffer _numbers = new(pool);
    private readonly ClaimedBuffer _labels = new(pool);
    private ulong _cut; // an element of which a piece brought only the first bytes
    private int _cutLength;
    private TensorEntry _entry = TensorEntry.None;
    private Dtype _type;
    private Element _element;
    private bool _hasNumbers;
    private bool _hasLabels;
    private bool _isInPlace;
    private int _count;
    private Tally _wrong;
    private Tally _overflow;

    private Span<byte> Cut => MemoryMarshal.AsBytes(new Span<ulong>(ref _cut));

    /// <summary>Starts a tensor whose input stands on the card and whose floats get the request's precision.</summary>
    public void Begin(TensorEntry entry)
    {
        Debug.Assert(BitConverter.IsLittleEndian, "the platforms of .NET 10 that we ship are little-endian");
        Input input = request.Card.InputAt(entry.Place);
        _entry = entry;
        _type = entry.Type!.Value;
        _element = input.IsFlag ? Element.Flag : request.FloatElement;
        _hasLabels = !input.IsFlag && input.MayBeLabel;
        _hasNumbers = input.IsFlag || input.MayBeNumber || !_hasLabels;
        _isInPlace = !_hasLabels
            && (_type, _element) is (Dtype.F32, Element.Float32) or (Dtype.F64, Element.Float64);
        _cutLength = 0;
        _count = 0;
        _wrong = default;
        _overflow = default;
        if (_hasNumbers)
        {
            _numbers.Begin(entry.Shape.Elements * Tensor.SizeOf(_element));
        }

        if (_hasLabels)
        {
            _labels.Begin(entry.Shape.Elements * sizeof(int));
        }
    }

    /// <summary>Takes the next bytes, none of which lies behind the tensor's end.</summary>
    public void Take(ReadOnlySpan<byte> bytes)
    {
        int size = Dtypes.SizeOf(_type);
        while (bytes.Length > 0)
        {
            if (_cutLength == 0 && bytes.Length >= size)
            {
                int whole = bytes.Length - (bytes.Length % size);
                Convert(bytes[..whole]);
                bytes = bytes[whole..];
                continue;
            }

            int missing = Math.Min(size - _cutLength, bytes.Length);
            bytes[..missing].CopyTo(Cut[_cutLength..]);
            _cutLength += missing;
            bytes = bytes[missing..];
            if (_cutLength == size)
            {
                Convert(Cut[..size]);
                _cutLength = 0;
            }
        }
    }

    /// <summary>Hands the tensors to the request, all of whose bytes were taken.</summary>
    public void Complete()
    {
        Debug.Assert(_count == _entry.Shape.Elements, "the header was checked");
        Shape shape = _entry.Shape;
        Tensor? numbers = _hasNumbers ? Tensor.Adopt(_numbers.Detach(), shape, _element) : null;
        Tensor? labels = _hasLabels ? Tensor.Adopt(_labels.Detach(), shape, Element.Label) : null;
        request.Set(_entry.Place, numbers, labels);
        Report();
        if (_type == Dtype.F64 && _hasNumbers && _element == Element.Float32)
        {
            string name = request.Card.InputAt(_entry.Place).Name;
            request.Notes.Add(new("rounded", $"{name} came as float64 and was rounded once to float32"));
        }
    }

    /// <summary>Tells what was found wrong with the elements so far.</summary>
    public void Report()
    {
        _wrong.Report(request.Mistakes, _entry.Pointer, Codes.WrongType, _entry.Shape);
        _overflow.Report(request.Mistakes, _entry.Pointer, Codes.NumberOverflow, _entry.Shape);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _numbers.Dispose();
        _labels.Dispose();
    }

    private void Convert(ReadOnlySpan<byte> bytes)
    {
        if (_isInPlace)
        {
            int size = Tensor.SizeOf(_element);
            bytes.CopyTo(_numbers.Room(_count * size, bytes.Length));
            _count += bytes.Length / size;
            return;
        }

        switch (_type)
        {
            case Dtype.Bool:
                FindNonFlags(bytes);
                Convert<Plain<byte>>(bytes);
                break;
            case Dtype.U8:
                Convert<Plain<byte>>(bytes);
                break;
            case Dtype.I8:
                Convert<Plain<sbyte>>(bytes);
                break;
            case Dtype.U16:
                Convert<Plain<ushort>>(bytes);
                break;
            case Dtype.I16:
                Convert<Plain<short>>(bytes);
                break;
            case Dtype.U32:
                Convert<Plain<uint>>(bytes);
                break;
            case Dtype.I32:
                Convert<Plain<int>>(bytes);
                break;
            case Dtype.U64:
                Convert<UInt64Raw>(bytes);
                break;
            case Dtype.I64:
                Convert<Int64Raw>(bytes);
                break;
            case Dtype.F16:
                Convert<Plain<Half>>(bytes);
                break;
            case Dtype.BF16:
                Convert<BrainFloat>(bytes);
                break;
            case Dtype.F32:
                Convert<Plain<float>>(bytes);
                break;
            default:
                Convert<Plain<double>>(bytes);
                break;
        }
    }

    private void Convert<TRaw>(ReadOnlySpan<byte> bytes) where TRaw : unmanaged, IRaw<TRaw>
    {
        ReadOnlySpan<TRaw> raws = MemoryMarshal.Cast<byte, TRaw>(bytes);
        if (_element == Element.Flag)
        {
            ToFlags(raws);
        }
        else if (_hasNumbers && _element == Element.Float64)
        {
            Span<double> numbers = Room<double>(_numbers, raws.Length);
            for (int i = 0; i < raws.Length; i++)
            {
                numbers[i] = TRaw.Wide(raws[i]);
            }
        }
        else if (_hasNumbers)
        {
            ToSingles(raws);
        }

        if (_hasLabels)
        {
            Span<int> labels = Room<int>(_labels, raws.Length);
            for (int i = 0; i < raws.Length; i++)
            {
                labels[i] = TRaw.Label(raws[i]);
            }
        }

        _count += raws.Length;
    }

    private void ToSingles<TRaw>(ReadOnlySpan<TRaw> raws) where TRaw : unmanaged, IRaw<TRaw>
    {
        Span<float> numbers = Room<float>(_numbers, raws.Length);
        for (int i = 0; i < raws.Length; i++)
        {
            numbers[i] = TRaw.Narrow(raws[i]);

            // Only doubles reach beyond the floats.
            if (typeof(TRaw) == typeof(Plain<double>) && float.IsInfinity(numbers[i])
                && double.IsFinite(TRaw.Wide(raws[i])))
            {
                _overflow.Add([_count + i], "a float32", "a larger number");
            }
        }
    }

    private void ToFlags<TRaw>(ReadOnlySpan<TRaw> raws) where TRaw : unmanaged, IRaw<TRaw>
    {
        Span<byte> flags = Room<byte>(_numbers, raws.Length);
        for (int i = 0; i < raws.Length; i++)
        {
            double value = TRaw.Wide(raws[i]);
            flags[i] = value == 0 ? (byte)0 : (byte)1;
            if (value is not (0 or 1) && _type != Dtype.Bool)
            {
                _wrong.Add([_count + i], "integers that are 0 or 1", "another integer");
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
                _wrong.Add([_count + i], "bytes that are 0 or 1", "another byte");
            }
        }
    }

    private Span<T> Room<T>(ClaimedBuffer buffer, int elements) where T : unmanaged
    {
        int size = Unsafe.SizeOf<T>();
        return MemoryMarshal.Cast<byte, T>(buffer.Room(_count * size, elements * size));
    }
}

using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using LossService.Engine;
using LossService.Engine.Cards;
using LossService.Engine.Families;
using LossService.Engine.Numerics;
using LossService.Wire.Numbers;

namespace LossService.Wire.Json;

/// <summary>Takes the elements of one input after the other into pooled buffers: as floats, as labels, as both, or as
/// flags, as the card wants them.</summary>
/// <remarks>Holds at most two leases; <see cref="Dispose"/> gives back what no request took.</remarks>
internal sealed class ElementSink(TensorPool pool, int elementsMax) : IDisposable
{
    private const int RawsAtOnce = 1 << 16; // a tenth of a millisecond

    private readonly GrowingBuffer _values = new(pool);
    private readonly GrowingBuffer _labels = new(pool);
    private Element _element;
    private bool _hasValues;
    private bool _hasLabels;

    /// <summary>How many elements were taken.</summary>
    public int Count { get; private set; }

    /// <summary>True when one more element would pass the limit.</summary>
    public bool IsFull => Count == elementsMax;

    /// <summary>What an element is stored as, beside its label.</summary>
    public Element Element => _element;

    /// <summary>True when elements are true and false.</summary>
    public bool TakesFlags => _element == Element.Flag;

    /// <summary>True when elements may be floats.</summary>
    public bool TakesFloats => _hasValues && !TakesFlags;

    /// <summary>True when elements may be labels.</summary>
    public bool TakesLabels => _hasLabels;

    /// <summary>What an element should have been, for messages.</summary>
    public string Wanted => TakesFlags ? "true or false" : _hasValues ? "a number" : "an integer";

    /// <summary>Starts an input, whose floats get this precision.</summary>
    public void Begin(Input input, Element floats)
    {
        Count = 0;
        _element = input.IsFlag ? Element.Flag : floats;
        _hasLabels = !input.IsFlag && input.MayBeLabel;
        _hasValues = input.IsFlag || input.MayBeNumber || !_hasLabels;
    }

    /// <summary>Reads one number whose grammar is right.</summary>
    /// <returns>False if it overflows; it is then stored as an infinity.</returns>
    public bool AddNumber(ReadOnlySpan<byte> text)
    {
        NumberStatus status;
        if (_element == Element.Float64)
        {
            status = ReadLabel(text, isFinal: true, out int label, out double value, out _);
            Store(value, label);
        }
        else
        {
            status = ReadLabel(text, isFinal: true, out int label, out float value, out _);
            Store(value, label);
        }

        return status == NumberStatus.Ok || !_hasValues;
    }

    /// <summary>Takes a number that is none of the finite ones.</summary>
    public void AddNonFinite(double value) => AddAsStored(value, Labels.NotAnInteger);

    /// <summary>Takes all these elements, and lets others pass meanwhile.</summary>
    public void AddRaws(ref RawElements raws, ReadOnlySpan<byte> bytes)
    {
        int size = Tensor.SizeOf(_element);
        int left = bytes.Length / raws.Size;
        Span<byte> values = _hasValues ? _values.Room<byte>(Count * size, left * size) : default;
        Span<int> labels = _hasLabels ? _labels.Room<int>(Count, left) : default;
        Count += left;
        while (left > 0)
        {
            int count = Math.Min(left, RawsAtOnce);
            raws.Take(bytes[..(count * raws.Size)],
                _hasValues ? values[..(count * size)] : default, _hasLabels ? labels[..count] : default);
            bytes = bytes[(count * raws.Size)..];
            values = _hasValues ? values[(count * size)..] : default;
            labels = _hasLabels ? labels[count..] : default;
            left -= count;
            (SynchronizationContext.Current as ICrew)?.Pause();
        }
    }

    /// <summary>Takes a flag.</summary>
    public void Add(bool flag) => _values.Room<byte>(Count++)[0] = flag ? (byte)1 : (byte)0;

    /// <summary>Takes something in the place of an element that is none, so that the others keep their
    /// places.</summary>
    public void AddNothing()
    {
        if (TakesFlags)
        {
            Add(false);
        }
        else
        {
            AddAsStored(0, 0);
        }
    }

    /// <summary>Reads as many elements as stand in a row in this piece.</summary>
    /// <param name="piece">Text in which an element may start at <paramref name="at"/>.</param>
    /// <param name="at">Moves behind what was read.</param>
    /// <param name="behindValue">True when it stopped behind an element, false when behind a comma.</param>
    /// <returns>How many elements were read.</returns>
    public int AddRun(ReadOnlySpan<byte> piece, ref int at, out bool behindValue) =>
        _hasLabels
            ? _element == Element.Float64 ? AddLabels<double>(piece, ref at, out behindValue)
                : AddLabels<float>(piece, ref at, out behindValue)
            : _element == Element.Float64 ? AddFloats<double>(piece, ref at, out behindValue)
                : AddFloats<float>(piece, ref at, out behindValue);

    /// <summary>Makes tensors of the elements and hands them to the request.</summary>
    public void Attach(LossRequest request, int place, Shape shape, TensorForm form, bool isBareEmpty = false)
    {
        Tensor? values = _hasValues ? Tensor.Adopt(_values.Detach(), shape, _element, form, isBareEmpty) : null;
        Tensor? labels = _hasLabels ? Tensor.Adopt(_labels.Detach(), shape, Element.Label, form, isBareEmpty) : null;
        request.Set(place, values, labels);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _values.Dispose();
        _labels.Dispose();
    }

    private void AddAsStored(double value, int label)
    {
        if (_element == Element.Float64)
        {
            Store(value, label);
        }
        else
        {
            Store((float)value, label);
        }
    }

    private void Store<T>(T value, int label) where T : unmanaged
    {
        if (_hasValues)
        {
            _values.Room<T>(Count)[0] = value;
        }

        if (_hasLabels)
        {
            _labels.Room<int>(Count)[0] = label;
        }

        Count++;
    }

    private int AddFloats<T>(ReadOnlySpan<byte> piece, ref int at, out bool behindValue) where T : unmanaged
    {
        int before = Count;
        behindValue = false;
        while (!IsFull)
        {
            Span<T> room = _values.Room<T>(Count);
            room = room[..Math.Min(room.Length, elementsMax - Count)];
            RunStatus status = typeof(T) == typeof(float)
                ? NumberReader.ReadRun(
                    piece, ref at, isFinal: false, MemoryMarshal.Cast<T, float>(room), out int count)
                : NumberReader.ReadRun(piece, ref at, isFinal: false, MemoryMarshal.Cast<T, double>(room), out count);
            Count += count;
            behindValue = status == RunStatus.AfterNumber;
            if (!behindValue || at == piece.Length || piece[at] != (byte)',')
            {
                break;
            }

            // The room is used up, or the limit is reached; the next number, if any, tells.
            at++;
            behindValue = false;
        }

        return Count - before;
    }

    private int AddLabels<T>(ReadOnlySpan<byte> piece, ref int at, out bool behindValue) where T : unmanaged
    {
        int before = Count;
        behindValue = false;
        while (!IsFull && !behindValue)
        {
            JsonScanner.SkipSpace(piece, ref at);
            if (!TryReadPlain(piece, ref at, out int label, out T value))
            {
                if (ReadLabel(piece[at..], isFinal: false, out label, out value, out int length) != NumberStatus.Ok)
                {
                    break;
                }

                at += length;
            }

            Store(value, label);
            JsonScanner.SkipSpace(piece, ref at);
            behindValue = at == piece.Length || piece[at] != (byte)',';
            at += behindValue ? 0 : 1;
        }

        return Count - before;
    }

    // Nearly all labels are a few digits and a separator.
    private static bool TryReadPlain<T>(ReadOnlySpan<byte> piece, ref int at, out int label, out T value)
        where T : unmanaged
    {
        const int digitsMax = 9;
        int end = at;
        label = 0;
        while (end < piece.Length && end < at + digitsMax && (uint)(piece[end] - '0') <= 9)
        {
            label = (10 * label) + piece[end++] - '0';
        }

        value = typeof(T) == typeof(float) ? Unsafe.BitCast<float, T>(label) : Unsafe.BitCast<double, T>(label);
        bool isPlain = end > at && end < piece.Length && piece[end] is (byte)',' or (byte)']'
            && (piece[at] != (byte)'0' || end == at + 1);
        at = isPlain ? end : at;
        return isPlain;
    }

    private static NumberStatus ReadLabel<T>(
        ReadOnlySpan<byte> text, bool isFinal, out int label, out T value, out int length) where T : unmanaged
    {
        if (typeof(T) == typeof(float))
        {
            NumberStatus status = NumberReader.ReadLabel(text, isFinal, out label, out float single, out length);
            value = Unsafe.BitCast<float, T>(single);
            return status;
        }

        NumberStatus wideStatus = NumberReader.ReadLabel(text, isFinal, out label, out double wide, out length);
        value = Unsafe.BitCast<double, T>(wide);
        return wideStatus;
    }
}

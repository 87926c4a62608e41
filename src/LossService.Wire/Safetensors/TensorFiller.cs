using System.Diagnostics;
using System.Runtime.InteropServices;
using LossService.Engine;
using LossService.Engine.Cards;
using LossService.Engine.Numerics;
using LossService.Wire.Numbers;

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
    private RawElements _raws;
    private Element _element;
    private bool _hasNumbers;
    private bool _hasLabels;
    private bool _isInPlace;
    private int _count;

    private Span<byte> Cut => MemoryMarshal.AsBytes(new Span<ulong>(ref _cut));

    /// <summary>Starts a tensor whose input stands on the card and whose floats get the request's precision.</summary>
    public void Begin(TensorEntry entry)
    {
        Input input = request.Card.InputAt(entry.Place);
        _entry = entry;
        _element = input.IsFlag ? Element.Flag : request.FloatElement;
        _raws = new(entry.Type!.Value, _element);
        _hasLabels = !input.IsFlag && input.MayBeLabel;
        _hasNumbers = input.IsFlag || input.MayBeNumber || !_hasLabels;
        _isInPlace = !_hasLabels && _raws.IsStored;
        _cutLength = 0;
        _count = 0;
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
        int size = _raws.Size;
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
        if (_hasNumbers && _raws.Rounds)
        {
            request.TellRounded(_entry.Place);
        }
    }

    /// <summary>Tells what was found wrong with the elements so far.</summary>
    public void Report() => _raws.Report(request.Mistakes, _entry.Pointer, _entry.Shape);

    /// <inheritdoc/>
    public void Dispose()
    {
        _numbers.Dispose();
        _labels.Dispose();
    }

    private void Convert(ReadOnlySpan<byte> bytes)
    {
        int count = bytes.Length / _raws.Size;
        int size = Tensor.SizeOf(_element);
        if (_isInPlace)
        {
            bytes.CopyTo(_numbers.Room(_count * size, bytes.Length));
        }
        else
        {
            Span<byte> numbers = _hasNumbers ? _numbers.Room(_count * size, count * size) : default;
            Span<byte> labels = _hasLabels ? _labels.Room(_count * sizeof(int), count * sizeof(int)) : default;
            _raws.Take(bytes, numbers, MemoryMarshal.Cast<byte, int>(labels));
        }

        _count += count;
    }
}

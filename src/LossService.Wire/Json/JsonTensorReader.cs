using LossService.Engine;
using LossService.Engine.Cards;
using LossService.Engine.Numerics;

namespace LossService.Wire.Json;

/// <summary>How a reader wants its tokens to go on.</summary>
internal enum Progress
{
    /// <summary>The value goes on.</summary>
    More,

    /// <summary>The container that this token opened is of no use: pass over it, then go on.</summary>
    SkipContainer,

    /// <summary>The value is complete.</summary>
    Done,

    /// <summary>A limit was passed; nothing more is read.</summary>
    Stop,
}

/// <summary>Reads the value of one input: arrays in arrays, a single number, or an object with a shape. The elements go
/// straight into pooled buffers; what is wrong with them is counted, and told once an input and code.</summary>
internal sealed partial class JsonTensorReader : IDisposable
{
    private const string ElementsUnit = "elements in one tensor";

    private readonly LossRequest _request;
    private readonly JsonScanner _scanner;
    private readonly int _elementsMax;
    private readonly ElementSink _sink;
    private readonly Base64Text _base64;
    private int _place;
    private Expecting _expecting;
    private NestedShape _nested;
    private Tally _wrong;
    private Tally _overflow;
    private Tally _ragged;
    private bool _isBroken;

    /// <summary>Makes a reader for all inputs of one request.</summary>
    public JsonTensorReader(LossRequest request, JsonScanner scanner, ReadLimits limits, TensorPool pool)
    {
        _request = request;
        _scanner = scanner;
        _elementsMax = limits.ElementsMax;
        _sink = new(pool, limits.ElementsMax);
        _base64 = new(pool);
    }

    private enum Expecting
    {
        Value,
        Element,
        Member,
        Shape,
        Length,
        Data,
        Dtype,
        Base64,
        Nothing,
    }

    private Input Input => _request.Card.InputAt(_place);

    private string Pointer => "/" + Input.Name;

    /// <summary>Starts the value of the input at this place, whose floats get this precision.</summary>
    public void Begin(int place, Element floats)
    {
        _place = place;
        _expecting = Expecting.Value;
        _sink.Begin(Input, floats);
        _nested.Reset();
        _wrong = default;
        _overflow = default;
        _ragged = default;
        _isBroken = false;
        BeginObject();
    }

    /// <summary>Reads as many elements as stand in a row, and rows as long as they follow each other, if this is a
    /// place for it.</summary>
    public void TakeRun(ReadOnlySpan<byte> piece, ref int at)
    {
        while (_expecting == Expecting.Element && _nested.Rank == _nested.Level && !_sink.TakesFlags
            && _scanner.TryReachElement(piece, ref at))
        {
            int count = _sink.AddRun(piece, ref at, out bool behindValue);
            if (count == 0)
            {
                return;
            }

            _nested.Add(count);
            _scanner.TookElements(behindValue);
            bool isRowEnd = behindValue && _nested.Level > 1 && _nested.Children == _nested.Length
                && piece[at..].StartsWith("],["u8);
            if (!isRowEnd)
            {
                return;
            }

            // From one row straight into the next, which most bodies consist of.
            _nested.Close();
            _nested.Open();
            _scanner.TookRow();
            at += 3;
        }
    }

    /// <summary>Takes the next token of the value.</summary>
    public Progress Take(JsonToken token, ReadOnlySpan<byte> text)
    {
        switch (_expecting)
        {
            case Expecting.Value when token == JsonToken.ObjectStart:
                _expecting = Expecting.Member;
                return Progress.More;
            case Expecting.Value:
                _expecting = Expecting.Element;
                return WithinLimit(TakeElement(token, text));
            case Expecting.Element:
                return WithinLimit(TakeElement(token, text));
            default:
                return TakeMember(token, text);
        }
    }

    /// <summary>Reports what was found wrong so far, when the body ends inside the value.</summary>
    public void Abandon() => Report(null);

    /// <inheritdoc/>
    public void Dispose()
    {
        _sink.Dispose();
        _base64.Dispose();
    }

    // One wrong element costs as much as dozens of right ones, and nothing but the body bounds how many there are.
    private Progress WithinLimit(Progress progress) =>
        progress is Progress.More or Progress.SkipContainer
            && (long)_wrong.Count + _ragged.Count + _overflow.Count > ReadLimits.WrongElementsMax
            ? Beyond("wrong_elements", ReadLimits.WrongElementsMax, "wrong elements in one tensor") : progress;

    private Progress CloseArray()
    {
        int length = _nested.Children;
        if (length > _elementsMax)
        {
            return Beyond("elements", _elementsMax, ElementsUnit);
        }

        if (_nested.Length >= 0 && _nested.Length != length)
        {
            _isBroken = true;
            _ragged.Add(_nested.RowIndex, $"{_nested.Length} elements, as in the first row", $"{length}");
        }

        _nested.Close();
        if (_nested.Level == 0)
        {
            return CompleteValue();
        }

        // Empty arrays hold no element that would be counted.
        return _nested.Children > _elementsMax ? Beyond("elements", _elementsMax, ElementsUnit) : Progress.More;
    }

    private Progress Advance()
    {
        if (_nested.Level == 0)
        {
            return CompleteValue();
        }

        _nested.Add(1);
        return Progress.More;
    }

    private Progress CompleteValue()
    {
        if (_form == TensorForm.Flat)
        {
            _expecting = Expecting.Member;
            return Progress.More;
        }

        if (!_isBroken)
        {
            if (!FitsLimit(_nested.Lengths))
            {
                return Beyond("elements", _elementsMax, ElementsUnit);
            }

            var shape = new Shape(_nested.Lengths);
            bool isBareEmpty = shape.Rank == 1 && shape.Elements == 0;
            _sink.Attach(_request, _place, shape, TensorForm.Nested, isBareEmpty);
        }

        Report(null);
        return Progress.Done;
    }

    // Zeros do not hide giants: the product of the other lengths stays within the limit too, and so within an int.
    private bool FitsLimit(ReadOnlySpan<int> lengths)
    {
        long product = 1;
        foreach (int length in lengths)
        {
            product *= Math.Max(length, 1);
            if (product > _elementsMax)
            {
                return false;
            }
        }

        return true;
    }

    private void Report(Shape? flat)
    {
        if (_wrong.Count + _ragged.Count + _overflow.Count == 0)
        {
            return;
        }

        Mistakes mistakes = _request.Mistakes;
        _wrong.Report(mistakes, Pointer, Codes.WrongType, flat);
        _ragged.Report(mistakes, Pointer, Codes.RaggedArray, null);
        _overflow.Report(mistakes, Pointer, Codes.NumberOverflow, flat);
    }

    private Progress Beyond(string limit, long max, string unit)
    {
        Report(null);
        _request.Mistakes.Add(new(Pointer, Codes.LimitExceeded, $"more than {max} {unit}")
        {
            Limit = limit,
            Expected = $"at most {max} {unit}",
        });
        return Progress.Stop;
    }

    /// <summary>A token's kind in words, for messages.</summary>
    internal static string NameOf(JsonToken token) => token switch
    {
        JsonToken.ObjectStart => "an object",
        JsonToken.ArrayStart => "an array",
        JsonToken.Number => "a number",
        JsonToken.True or JsonToken.False => "true or false",
        JsonToken.Null => "null",
        _ => "a string",
    };
}

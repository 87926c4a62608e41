using LossService.Engine.Numerics;

namespace LossService.Wire.Json;

/// <summary>The elements of a tensor, one token at a time: where they may stand, and what they may be.</summary>
internal sealed partial class JsonTensorReader
{
    private Progress TakeElement(JsonToken token, ReadOnlySpan<byte> text)
    {
        switch (token)
        {
            case JsonToken.ArrayStart when _nested.Level == _nested.Rank:
                return RefuseInnerArray();
            case JsonToken.ArrayStart when _nested.Level == Shape.RankMax:
                return Beyond("rank", Shape.RankMax, "axes");
            case JsonToken.ArrayStart:
                _nested.Open();
                return Progress.More;
            case JsonToken.ArrayEnd:
                return CloseArray();
            case JsonToken.Number when !_sink.TakesFlags:
            case JsonToken.True or JsonToken.False when _sink.TakesFlags:
            case JsonToken.String when _sink.TakesFloats && IsNonFinite(text, out _):
                return AddElement(token, text);
            default:
                return RefuseElement(token);
        }
    }

    private Progress AddElement(JsonToken token, ReadOnlySpan<byte> text)
    {
        if (!StandsRight())
        {
            _wrong.Add(_nested.Index, "an array", NameOf(token));
            return Advance();
        }

        if (_sink.IsFull)
        {
            return Beyond("elements", _elementsMax, ElementsUnit);
        }

        if (token == JsonToken.Number)
        {
            if (!_sink.AddNumber(text))
            {
                string widest = _sink.Element == Element.Float64 ? "a float64" : "a float32";
                _overflow.Add(_nested.Index, widest, "a larger number");
            }
        }
        else if (token == JsonToken.String)
        {
            IsNonFinite(text, out double value);
            _sink.AddNonFinite(value);
        }
        else
        {
            _sink.Add(token == JsonToken.True);
        }

        return Advance();
    }

    // An element of a wrong kind keeps its place, so that the shape and the other elements can still be judged.
    private Progress RefuseElement(JsonToken token)
    {
        bool isWhole = _nested.Level == 0;
        _wrong.Add(_nested.Index, isWhole ? "a tensor" : _sink.Wanted, NameOf(token));
        _isBroken |= isWhole;
        if (!isWhole && StandsRight())
        {
            if (_sink.IsFull)
            {
                return Beyond("elements", _elementsMax, ElementsUnit);
            }

            _sink.AddNothing();
        }

        Progress progress = Advance();
        return token == JsonToken.ObjectStart ? Progress.SkipContainer : progress;
    }

    // True where the first element or empty array has shown that elements stand; the first one shows it.
    private bool StandsRight()
    {
        _nested.Rank = _nested.Rank < 0 ? _nested.Level : _nested.Rank;
        _isBroken |= _nested.Level != _nested.Rank;
        return _nested.Level == _nested.Rank;
    }

    private Progress RefuseInnerArray()
    {
        _isBroken = true;
        if (_sink.Count > 0 || _form == TensorForm.Flat)
        {
            _wrong.Add(_nested.Index, _sink.Wanted, NameOf(JsonToken.ArrayStart));
            _nested.Add(1);
        }
        else
        {
            // It is not counted, so that its row is told once.
            _ragged.Add(_nested.Index, "an empty array, as the first one", "an array in it");
        }

        return Progress.SkipContainer;
    }

    private static bool IsNonFinite(ReadOnlySpan<byte> text, out double value)
    {
        value = text.SequenceEqual("NaN"u8) ? double.NaN
            : text.SequenceEqual("Infinity"u8) ? double.PositiveInfinity
            : text.SequenceEqual("-Infinity"u8) ? double.NegativeInfinity : 0;
        return value != 0;
    }
}

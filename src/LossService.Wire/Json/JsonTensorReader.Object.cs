using LossService.Engine;
using LossService.Engine.Numerics;
using LossService.Wire.Numbers;

namespace LossService.Wire.Json;

/// <summary>Tensors written as objects: a shape, and flat numbers or base64, in any order.</summary>
internal sealed partial class JsonTensorReader
{
    private const string ObjectForm = "an object of shape and data, or of shape, dtype and base64";

    private static readonly string[] MemberWords = ["shape", "data", "dtype", "base64"];

    private readonly int[] _declared = new int[Shape.RankMax];
    private int _declaredRank;
    private TensorForm _form;
    private int _seen;
    private Dtype? _type;

    private void BeginObject()
    {
        _declaredRank = 0;
        _form = TensorForm.Nested;
        _seen = 0;
        _type = null;
    }

    private bool HasSeen(Expecting member) => (_seen & (1 << (int)member)) != 0;

    private Progress TakeMember(JsonToken token, ReadOnlySpan<byte> text)
    {
        switch (_expecting)
        {
            case Expecting.Member when token == JsonToken.ObjectEnd:
                return CompleteObject();
            case Expecting.Member:
                _expecting = ChooseMember(text);
                return Progress.More;
            case Expecting.Shape when token == JsonToken.ArrayStart:
                _expecting = Expecting.Length;
                return Progress.More;
            case Expecting.Length when token == JsonToken.Number:
                return AddLength(text);
            case Expecting.Length when token == JsonToken.ArrayEnd:
                _expecting = Expecting.Member;
                return _isBroken || FitsLimit(_declared.AsSpan(0, _declaredRank))
                    ? Progress.More : Beyond("elements", _elementsMax, ElementsUnit);
            case Expecting.Data when token == JsonToken.ArrayStart:
                _expecting = Expecting.Element;
                _nested.Reset();
                _nested.Rank = 1;
                _nested.Open();
                return Progress.More;
            case Expecting.Dtype when token == JsonToken.String:
                _expecting = Expecting.Member;
                SetType(text);
                return Progress.More;
            case Expecting.Base64 when token == JsonToken.TextPart:
                return _base64.Add(text, (long)_elementsMax * sizeof(double))
                    ? Progress.More : Beyond("elements", _elementsMax, ElementsUnit);
            case Expecting.Base64 when token == JsonToken.TextEnd:
                _expecting = Expecting.Member;
                if (!_base64.End())
                {
                    Refuse(Codes.WrongType, "base64 with padding and without whitespace", "other text");
                }

                return Progress.More;
            default:
                return RefuseMember(token);
        }
    }

    private Expecting ChooseMember(ReadOnlySpan<byte> name)
    {
        Expecting member = name.SequenceEqual("shape"u8) ? Expecting.Shape
            : name.SequenceEqual("data"u8) ? Expecting.Data
            : name.SequenceEqual("dtype"u8) ? Expecting.Dtype
            : name.SequenceEqual("base64"u8) ? Expecting.Base64 : Expecting.Nothing;
        if (member == Expecting.Nothing)
        {
            MemberNames.RefuseUnknown(_request.Mistakes, Pointer, name, MemberWords);
            return Expecting.Nothing;
        }

        if (HasSeen(member))
        {
            _request.Mistakes.Add(new(MemberNames.Pointer(Pointer, name, out _), Codes.DuplicateMember,
                MemberNames.TwiceDetail));
            return Expecting.Nothing;
        }

        _seen |= 1 << (int)member;
        if (member is Expecting.Data or Expecting.Base64)
        {
            if (_form != TensorForm.Nested)
            {
                Refuse(Codes.OptionConflict, "data or base64", "both");
                return Expecting.Nothing;
            }

            _form = member == Expecting.Data ? TensorForm.Flat : TensorForm.Base64;
            _scanner.StreamsNextText = member == Expecting.Base64;
            _base64.Begin();
        }

        return member;
    }

    private Progress AddLength(ReadOnlySpan<byte> text)
    {
        NumberReader.ReadLabel(text, isFinal: true, out int length, out double value, out _);
        if (length == Labels.NotAnInteger || value < 0)
        {
            Refuse(Codes.ShapeMismatch, "lengths that are whole numbers from 0 up", "another number");
            return Progress.More;
        }

        if (length == Labels.TooLarge || length > _elementsMax)
        {
            return Beyond("elements", _elementsMax, ElementsUnit);
        }

        if (_declaredRank == Shape.RankMax)
        {
            return Beyond("rank", Shape.RankMax, "axes");
        }

        _declared[_declaredRank++] = length;
        return Progress.More;
    }

    private void SetType(ReadOnlySpan<byte> word)
    {
        _type = DtypeNames.Json.Parse(word);
        if (_type is null || !Dtypes.Suits(_type.Value, Input))
        {
            string found = _type is { } known ? DtypeNames.Json.Of(known) : "another dtype";
            _type = null;
            Refuse(Codes.DtypeUnsupported, DtypeNames.Json.Expected(Input), found);
        }
    }

    // A member's value of a wrong kind: an element of shape, or the whole value.
    private Progress RefuseMember(JsonToken token)
    {
        if (_expecting != Expecting.Nothing)
        {
            string expected = _expecting switch
            {
                Expecting.Shape => "an array of lengths as shape",
                Expecting.Length => "a number in shape",
                Expecting.Data => "an array of elements as data",
                Expecting.Dtype => "a string as dtype",
                _ => "a string as base64",
            };
            Refuse(Codes.WrongType, expected, NameOf(token));
        }

        _expecting = _expecting == Expecting.Length ? Expecting.Length : Expecting.Member;
        return token is JsonToken.ObjectStart or JsonToken.ArrayStart ? Progress.SkipContainer : Progress.More;
    }

    private Progress CompleteObject()
    {
        if (_form == TensorForm.Nested || !HasSeen(Expecting.Shape))
        {
            Refuse(Codes.WrongType, ObjectForm, "an object without one of them");
        }

        if (_form == TensorForm.Flat && HasSeen(Expecting.Dtype))
        {
            Refuse(
                Codes.OptionConflict, "dtype beside base64 alone, as numbers take the request's", "dtype beside data");
        }

        if (_isBroken)
        {
            Report(null);
            return Progress.Done;
        }

        var shape = new Shape(_declared.AsSpan(0, _declaredRank));
        Shape? known = _form == TensorForm.Base64 ? CompleteBase64(shape) : CompleteFlat(shape);
        Report(known);
        return Progress.Done;
    }

    private Shape? CompleteFlat(Shape shape)
    {
        if (_sink.Count != shape.Elements)
        {
            Refuse(Codes.ShapeMismatch, $"{shape.Elements} elements of shape {shape}", $"{_sink.Count}");
            return null;
        }

        _sink.Attach(_request, _place, shape, TensorForm.Flat);
        return shape;
    }

    private Shape? CompleteBase64(Shape shape)
    {
        Dtype type = _type ?? (_sink.TakesFlags ? Dtype.Bool
            : _sink.Element == Element.Float64 ? Dtype.F64 : Dtype.F32);
        var raws = new RawElements(type, _sink.Element);
        long bytes = (long)shape.Elements * raws.Size;
        if (_base64.Length != bytes)
        {
            string expected = $"{bytes} bytes of {DtypeNames.Json.Of(type)} in shape {shape}";
            Refuse(Codes.ShapeMismatch, expected, $"{_base64.Length}");
            return null;
        }

        if (_sink.TakesFloats && raws.Rounds)
        {
            _request.TellRounded(_place);
        }

        if (raws.IsStored && !_sink.TakesLabels)
        {
            _request.Set(_place, Tensor.Adopt(_base64.Detach(), shape, _sink.Element, TensorForm.Base64), null);
            return shape;
        }

        _sink.AddRaws(ref raws, _base64.Bytes);
        _sink.Attach(_request, _place, shape, TensorForm.Base64);
        raws.Report(_request.Mistakes, Pointer, shape);
        return shape;
    }

    private void Refuse(string code, string expected, string found)
    {
        _isBroken = true;
        _request.Mistakes.Add(new(Pointer, code, $"expected {expected}, found {found}")
        {
            Expected = expected,
            Found = found,
        });
    }
}

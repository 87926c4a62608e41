using System.Buffers;
using System.Diagnostics;
using System.IO.Pipelines;
using LossService.Engine;
using LossService.Engine.Cards;
using LossService.Engine.Numerics;

namespace LossService.Wire.Json;

/// <summary>Reads one request from a body: one flat object of inputs, parameters and common members.</summary>
/// <remarks>A small body is read whole, so that its <c>dtype</c> may stand anywhere; a larger one as it arrives.
/// Malformed JSON and passed limits end the reading, all other mistakes are collected. All that it rents and has not
/// handed to the request goes back in <see cref="Dispose"/>. For one body.</remarks>
internal sealed partial class JsonRequestReader : IDisposable
{
    private readonly LossRequest _request;
    private readonly ReadLimits _limits;
    private readonly TensorPool _pool;
    private readonly JsonScanner _scanner;
    private readonly JsonTensorReader _tensor;
    private Stage _stage;
    private int _place;
    private int _skipTo = -1;
    private GradientList _gradients;
    private ulong _seenInputs;
    private ulong _seenParameters;
    private bool _hasSeenGradients;
    private Element? _floats;
    private Holding _held;

    /// <summary>Starts to read into this request.</summary>
    public JsonRequestReader(LossRequest request, ReadLimits limits, TensorPool pool)
    {
        Debug.Assert(request.Card.Inputs.Count + Common.Tensors.Count <= 64, "one bit an input");
        Debug.Assert(request.Card.Parameters.Count + Common.Parameters.Count <= 64, "one bit a parameter");
        _request = request;
        _limits = limits;
        _pool = pool;
        _scanner = new(limits, pool);
        _tensor = new(request, _scanner, limits, pool);
        _gradients = new(request, "/" + Common.GradientsName);
    }

    private enum Stage
    {
        Root,
        Member,
        Tensor,
        Parameter,
        Gradients,
        GradientsElement,
        Ignored,
        End,
    }

    /// <summary>Reads the body to its end, or as far as it makes sense.</summary>
    public async ValueTask ReadAsync(PipeReader body, CancellationToken cancelled)
    {
        bool isWhole = _request.IsGiven(Common.Dtype);
        bool goesOn = true;
        while (goesOn)
        {
            // A read that ends "canceled" is a server's that stops: it wakes its readers, and the body goes on.
            ReadResult result = await body.ReadAsync(cancelled);
            ReadOnlySequence<byte> bytes = result.Buffer;
            SequencePosition consumed = bytes.Start;
            try
            {
                if (!isWhole && (result.IsCompleted || bytes.Length > _limits.BufferedBytesMax))
                {
                    isWhole = true;
                    _floats = bytes.Length <= _limits.BufferedBytesMax
                        ? DtypeProbe.Find(bytes, _pool) ?? Element.Float32 : null;
                }

                if (isWhole)
                {
                    consumed = bytes.End;
                    goesOn = Take(bytes, cancelled) && !(result.IsCompleted && Finish());
                }
                else
                {
                    Hold((int)bytes.Length);
                }
            }
            finally
            {
                body.AdvanceTo(consumed, bytes.End);
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _held.Dispose();
        _tensor.Dispose();
        _scanner.Dispose();
    }

    // What waits for its end counts as the tensors do that it will be: senders who stop there would fill the process.
    private void Hold(int bytes)
    {
        if (bytes > _held.Bytes)
        {
            _held.Dispose();
            _held = default;
            _held = _pool.Hold(bytes);
        }
    }

    private bool Take(in ReadOnlySequence<byte> bytes, CancellationToken cancelled)
    {
        foreach (ReadOnlyMemory<byte> segment in bytes)
        {
            cancelled.ThrowIfCancellationRequested();
            ReadOnlySpan<byte> piece = segment.Span;
            long left = _limits.BodyBytesMax - _scanner.Offset;
            bool isTooLong = piece.Length > left;
            if (!TakePiece(isTooLong ? piece[..(int)left] : piece))
            {
                return false;
            }

            if (isTooLong)
            {
                _request.Mistakes.Add(_limits.BeyondBody());
                return false;
            }
        }

        return true;
    }

    // A space that nobody sent ends a number at the end of the body. Always true: nothing is left to read.
    private bool Finish()
    {
        _scanner.End();
        if (TakePiece(" "u8) && !_scanner.IsComplete())
        {
            Abandon();
        }

        return true;
    }

    private bool TakePiece(ReadOnlySpan<byte> piece)
    {
        int at = 0;
        while (true)
        {
            if (_stage == Stage.Tensor && _skipTo < 0)
            {
                _tensor.TakeRun(piece, ref at);
            }

            JsonToken token = _scanner.Read(piece, ref at, out ReadOnlySpan<byte> text);
            if (token == JsonToken.None)
            {
                _scanner.Advance(piece);
                return true;
            }

            if (token == JsonToken.Fault)
            {
                Abandon();
                return false;
            }

            if (!Take(token, text))
            {
                return false;
            }
        }
    }

    // Malformed JSON, or a limit: what was found before stays, this comes last.
    private void Abandon()
    {
        if (_stage == Stage.Tensor)
        {
            _tensor.Abandon();
        }

        _request.Mistakes.Add(_scanner.Fault!);
    }

    private bool Take(JsonToken token, ReadOnlySpan<byte> text)
    {
        if (_skipTo >= 0)
        {
            if (_scanner.Depth == _skipTo && token is JsonToken.ObjectEnd or JsonToken.ArrayEnd)
            {
                _skipTo = -1;
            }

            return true;
        }

        switch (_stage)
        {
            case Stage.Root when token == JsonToken.ObjectStart:
                _stage = Stage.Member;
                return true;
            case Stage.Root:
                WrongType("", "an object", token);
                _stage = Stage.End;
                return Skip(token);
            case Stage.Member when token == JsonToken.Name:
                _stage = Choose(text);
                return true;
            case Stage.Tensor:
                return TakeTensor(token, text);
            case Stage.Parameter:
                JsonParameterReader.Take(_request, _place, token, text);
                FixDtype();
                _stage = Stage.Member;
                return Skip(token);
            case Stage.Gradients when token == JsonToken.ArrayStart:
                _stage = Stage.GradientsElement;
                return true;
            case Stage.Gradients:
                WrongType("/" + Common.GradientsName, "an array of inputs' names", token);
                _stage = Stage.Member;
                return Skip(token);
            case Stage.GradientsElement when token == JsonToken.ArrayEnd:
                _stage = Stage.Member;
                _gradients.Complete();
                return true;
            case Stage.GradientsElement when token == JsonToken.String:
                _gradients.Add(text);
                return true;
            case Stage.GradientsElement:
                _gradients.AddOther(JsonTensorReader.NameOf(token));
                return Skip(token);
            default:
                // A member's value that nobody reads, or the object's end.
                _stage = token == JsonToken.ObjectEnd ? Stage.End : Stage.Member;
                return Skip(token);
        }
    }

    private bool TakeTensor(JsonToken token, ReadOnlySpan<byte> text)
    {
        switch (_tensor.Take(token, text))
        {
            case Progress.Stop:
                return false;
            case Progress.SkipContainer:
                return Skip(token);
            case Progress.Done:
                _stage = Stage.Member;
                return true;
            default:
                return true;
        }
    }

    private bool Skip(JsonToken token)
    {
        if (token is JsonToken.ObjectStart or JsonToken.ArrayStart)
        {
            _skipTo = _scanner.Depth - 1;
        }

        return true;
    }

    private void WrongType(string pointer, string expected, JsonToken token)
    {
        string found = JsonTensorReader.NameOf(token);
        _request.Mistakes.Add(new(pointer, Codes.WrongType, $"expected {expected}, found {found}")
        {
            Expected = expected,
            Found = found,
        });
    }
}

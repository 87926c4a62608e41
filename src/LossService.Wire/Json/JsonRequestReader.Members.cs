using LossService.Engine;
using LossService.Engine.Cards;

namespace LossService.Wire.Json;

/// <summary>Which member a name stands for, and what only the request as a whole can tell about members.</summary>
internal sealed partial class JsonRequestReader
{
    private Stage Choose(ReadOnlySpan<byte> name)
    {
        LossCard card = _request.Card;
        if (MemberNames.PlaceOfInput(card, name) is >= 0 and var input)
        {
            if (IsSecond(ref _seenInputs, input, name))
            {
                return Stage.Ignored;
            }

            // The first tensor settles the precision of all.
            _floats ??= _request.FloatElement;
            _tensor.Begin(input, _floats.Value);
            return Stage.Tensor;
        }

        _place = MemberNames.PlaceOfParameter(card, name);
        if (_place >= 0)
        {
            return IsSecond(ref _seenParameters, _place, name) ? Stage.Ignored : Stage.Parameter;
        }

        if (!name.SequenceEqual("gradients"u8))
        {
            MemberNames.RefuseUnknown(_request.Mistakes, "", name, card);
            return Stage.Ignored;
        }

        ulong seen = _hasSeenGradients ? 1UL : 0;
        _hasSeenGradients = true;
        return IsSecond(ref seen, 0, name) ? Stage.Ignored : Stage.Gradients;
    }

    private bool IsSecond(ref ulong seen, int place, ReadOnlySpan<byte> name)
    {
        ulong bit = 1UL << place;
        bool isSecond = (seen & bit) != 0;
        seen |= bit;
        if (isSecond)
        {
            _request.Mistakes.Add(
                new(MemberNames.Pointer("", name, out _), Codes.DuplicateMember, MemberNames.TwiceDetail));
        }

        return isSecond;
    }

    // In a large body numbers are read as they arrive: a dtype that stands behind them comes too late to change them.
    private void FixDtype()
    {
        if (ReferenceEquals(_request.Card.ParameterAt(_place), Common.Dtype) && _floats is { } floats
            && _request.FloatElement != floats && !_request.Mistakes.Has("/" + Common.Dtype.Name))
        {
            _request.Mistakes.Add(new("/" + Common.Dtype.Name, Codes.OptionConflict,
                $"in a body of more than {_limits.BufferedBytesMax} bytes dtype stands before the first tensor, "
                + "or in the query as ?dtype=")
            {
                Expected = "dtype before the first tensor, or in the query",
                Found = "dtype behind it",
            });
        }
    }
}

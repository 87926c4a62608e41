using System.Globalization;
using System.Runtime.CompilerServices;
using LossService.Engine;
using LossService.Engine.Cards;
using LossService.Engine.Numerics;

namespace LossService.Api;

/// <summary>What a request's line in the log says beside method, route, status and time. A feature of the request,
/// filled on its way.</summary>
internal sealed class RequestFacts
{
    private const int ShapesRoom = 256;

    /// <summary>The loss that is asked, by its canonical name.</summary>
    public string? Loss { get; set; }

    /// <summary>The code of the problem that it was answered with.</summary>
    public string? Code { get; set; }

    /// <summary>True when the client went away before its answer was whole.</summary>
    public bool IsAborted { get; set; }

    /// <summary>The inputs that were given, with their shapes.</summary>
    public string? Shapes { get; private set; }

    /// <summary>The precision.</summary>
    public string? Dtype { get; private set; }

    /// <summary>How many elements all inputs have together.</summary>
    public long Elements { get; private set; }

    /// <summary>Takes down shapes, dtype and how many elements there are.</summary>
    public void Describe(LossRequest request)
    {
        var shapes = new DefaultInterpolatedStringHandler(
            0, 0, CultureInfo.InvariantCulture, stackalloc char[ShapesRoom]);
        string separator = "";
        for (int place = 0; place < request.Card.Inputs.Count + Common.Tensors.Count; place++)
        {
            if (!request.HasInput(place))
            {
                continue;
            }

            Shape shape = request.AnyTensor(place).Shape;
            shapes.AppendLiteral(separator);
            shapes.AppendLiteral(request.Card.InputAt(place).Name);
            shapes.AppendLiteral(" ");
            shapes.AppendFormatted(shape);
            separator = ", ";
            Elements += shape.Elements;
        }

        Shapes = shapes.ToStringAndClear();
        Dtype = Common.Dtype.Words[request.IsFloat64 ? 1 : 0];
    }
}

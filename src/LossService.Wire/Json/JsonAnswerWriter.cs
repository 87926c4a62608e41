using System.IO.Pipelines;
using LossService.Engine;
using LossService.Engine.Cards;
using LossService.Engine.Numerics;

namespace LossService.Wire.Json;

/// <summary>Writes an answer: loss, losses, gradients, hessian, the loss's own outputs, normalizer, dtype, seed and
/// notes, in this order.</summary>
public static class JsonAnswerWriter
{
    /// <summary>Writes the answer straight into the pipe and flushes it about every 64 KiB; its end is left to the
    /// caller to flush. Allocates a few small objects, whatever the size.</summary>
    /// <exception cref="OperationCanceledException">Cancelled, or nobody reads the pipe any more.</exception>
    public static async ValueTask WriteAsync(PipeWriter body, LossResult result, CancellationToken cancelled)
    {
        ArgumentNullException.ThrowIfNull(result);
        LossRequest request = result.Request;
        var output = new JsonOutput(body, NonFiniteWord(request) == "null");
        bool isFirst = true;
        output.Raw('{');
        if (result.Loss is { } loss)
        {
            output.Name("loss", ref isFirst);
            output.Number(loss, request.IsFloat64);
        }

        if (result.Losses is { } losses)
        {
            output.Name("losses", ref isFirst);
            await JsonTensorWriter.WriteAsync(output, losses, FormOf(request, FirstGiven(request)), cancelled);
        }

        output.Name("gradients", ref isFirst);
        await WriteByNameAsync(output, request, result.Gradients, cancelled);
        if (request[Common.Hessian] > 0)
        {
            output.Name("hessian", ref isFirst);
            await WriteByNameAsync(output, request, result.Hessians, cancelled);
        }

        for (int place = 0; place < result.Outputs.Length; place++)
        {
            if (result.Outputs[place] is { } tensor)
            {
                output.Name(request.Card.Outputs[place].Name, ref isFirst);
                await JsonTensorWriter.WriteAsync(output, tensor, FormOf(request, tensor), cancelled);
            }
        }

        WriteSmall(output, result, isFirst);
        output.Raw('}');
        output.Commit();
    }

    /// <summary>The mistake of an answer with a NaN or an infinity, where <c>non_finite</c> is <c>error</c>; null if
    /// all numbers are finite, or it is another word. Ask before <see cref="WriteAsync"/>.</summary>
    /// <param name="result">The answer.</param>
    public static Mistake? NonFiniteMistake(LossResult result)
    {
        ArgumentNullException.ThrowIfNull(result);
        return NonFiniteWord(result.Request) == "error" ? NonFiniteOutput.Find(result) : null;
    }

    private static async ValueTask WriteByNameAsync(
        JsonOutput output, LossRequest request, Tensor?[] tensors, CancellationToken cancelled)
    {
        bool isFirst = true;
        output.Raw('{');
        for (int place = 0; place < tensors.Length; place++)
        {
            if (tensors[place] is { } tensor)
            {
                output.Name(request.Card.Inputs[place].Name, ref isFirst);
                await JsonTensorWriter.WriteAsync(output, tensor, FormOf(request, place), cancelled);
            }
        }

        output.Raw('}');
    }

    private static void WriteSmall(JsonOutput output, LossResult result, bool isFirst)
    {
        LossRequest request = result.Request;
        if (result.Normalizer is { } normalizer)
        {
            output.Name("normalizer", ref isFirst);
            output.Raw("{\"rule\":"u8);
            output.Text(normalizer.Rule);
            output.Raw(",\"value\":"u8);
            WriteCount(output, normalizer.Value);
            output.Raw('}');
        }

        output.Name("dtype", ref isFirst);
        output.Text(Common.Dtype.Words[request.IsFloat64 ? 1 : 0]);
        if (request.IsGiven(Common.Seed) && !double.IsNaN(request[Common.Seed]))
        {
            output.Name("seed", ref isFirst);
            output.Integer((long)request[Common.Seed]);
        }

        if (request.Notes.Count + result.Notes.Count > 0)
        {
            output.Name("notes", ref isFirst);
            bool isFirstNote = true;
            output.Raw('[');
            WriteNotes(output, request.Notes, ref isFirstNote);
            WriteNotes(output, result.Notes, ref isFirstNote);
            output.Raw(']');
        }
    }

    private static void WriteNotes(JsonOutput output, List<Note> notes, ref bool isFirstNote)
    {
        foreach (Note note in notes)
        {
            if (!isFirstNote)
            {
                output.Raw(',');
            }

            isFirstNote = false;
            bool isFirst = true;
            output.Raw('{');
            output.Name("code", ref isFirst);
            output.Text(note.Code);
            output.Name("detail", ref isFirst);
            output.Text(note.Detail);
            if (note.Count is { } count)
            {
                output.Name("count", ref isFirst);
                output.Integer(count);
            }

            if (note.Values is { } values)
            {
                output.Name("values", ref isFirst);
                bool isFirstValue = true;
                output.Raw('{');
                foreach ((string name, double value) in values)
                {
                    output.Name(name, ref isFirstValue);
                    output.Number(value, isFloat64: true);
                }

                output.Raw('}');
            }

            output.Raw('}');
        }
    }

    // A count looks like one: 2 rather than 2.0.
    private static void WriteCount(JsonOutput output, double value)
    {
        if (value == Math.Truncate(value) && Math.Abs(value) < 1e15)
        {
            output.Integer((long)value);
        }
        else
        {
            output.Number(value, isFloat64: true);
        }
    }

    private static TensorForm FormOf(LossRequest request, int place)
    {
        double encoding = request[Common.Encoding];
        return Word(Common.Encoding, encoding) switch
        {
            "nested" => TensorForm.Nested,
            "flat" => TensorForm.Flat,
            "base64" => TensorForm.Base64,
            _ => place >= 0 && request.HasInput(place) ? request.AnyTensor(place).Form : TensorForm.Nested,
        };
    }

    // Integers have no base64 form.
    private static TensorForm FormOf(LossRequest request, Tensor output)
    {
        TensorForm form = FormOf(request, place: -1);
        return form == TensorForm.Base64 && output.Element == Element.Label ? TensorForm.Flat : form;
    }

    private static int FirstGiven(LossRequest request)
    {
        for (int place = 0; place < request.Card.Inputs.Count; place++)
        {
            if (request.HasInput(place))
            {
                return place;
            }
        }

        return -1;
    }

    private static string NonFiniteWord(LossRequest request) => Word(Common.NonFinite, request[Common.NonFinite]);

    private static string Word(Parameter choice, double value) =>
        choice.Allows(value) ? ParameterText.Format(choice, value) : choice.Words[0];
}

using LossService.Engine;
using LossService.Engine.Cards;
using LossService.Engine.Families;
using LossService.Engine.Numerics;
using Xunit;

namespace LossService.Tests.Engine.Harness;

/// <summary>Puts questions to the engine the way the service does, and sees after each that nothing stays rented.</summary>
internal static class Bench
{
    [ThreadStatic]
    private static TensorPool? _pool;

    /// <summary>A pool of this thread's own; what returns to it becomes NaN.</summary>
    public static TensorPool Pool => _pool ??= new(1L << 30) { PoisonsReturns = true };

    /// <summary>The answer to a question without mistakes.</summary>
    public static Answer Ask(Question question, Workshop? workshop = null)
    {
        workshop ??= new(Pool);
        Assert.Equal(0, workshop.Pool.Leases);
        try
        {
            using LossRequest request = Prepare(question, workshop.Pool);
            Assert.True(request.Mistakes.IsEmpty, $"{string.Join("; ", request.Mistakes.All)}: {question}");
            using LossResult result = Catalogue.Find(question.Card.Name)!.Run(request, workshop);
            Assert.True(request.Mistakes.IsEmpty, string.Join("; ", request.Mistakes.All));
            return new Answer(result);
        }
        finally
        {
            Assert.Equal(0, workshop.Pool.Leases);
            Assert.Equal(0, workshop.Pool.BytesLeased);
        }
    }

    /// <summary>The question with every constant that its answer took from the batch given, so that a change elsewhere in
    /// the batch leaves it alone.</summary>
    public static Question Frozen(Question question)
    {
        foreach (Note note in Ask(question).Notes.Where(note => note.Code == "detached"))
        {
            question = note.Values!.Aggregate(question, (frozen, value) => frozen.With(value.Name, value.Value));
        }

        return question;
    }

    public static Answer Ask(string loss, string json) => Ask(Question.Of(loss, json));

    /// <summary>What is wrong with a question, found before or while it is computed.</summary>
    public static IReadOnlyList<Mistake> MistakesOf(Question question)
    {
        using LossRequest request = Prepare(question, Pool);
        if (request.Mistakes.IsEmpty)
        {
            using LossResult result = Catalogue.Find(question.Card.Name)!.Run(request, new(Pool));
        }

        return [.. request.Mistakes.All];
    }

    /// <summary>How an input was understood.</summary>
    public static InputForm FormOf(Question question, string input)
    {
        using LossRequest request = Prepare(question.Copy([]), Pool);
        return request.Solution!.Form(question.Card.PlaceOfInput(input))!;
    }

    public static IReadOnlyList<Mistake> MistakesOf(string loss, string json) => MistakesOf(Question.Of(loss, json));

    internal static LossRequest Prepare(Question question, TensorPool pool)
    {
        LossCard card = question.Card;
        var request = new LossRequest(card);
        try
        {
            foreach ((string name, double value) in question.Parameters)
            {
                request.Set(card.PlaceOfParameter(name), value);
            }

            foreach ((string name, Given given) in question.Inputs)
            {
                int place = card.PlaceOfInput(name);
                Input input = card.InputAt(place);
                Tensor? numbers = input.IsFlag ? Rent(pool, given, Element.Flag)
                    : input.MayBeNumber ? Rent(pool, given, question.IsFloat64 ? Element.Float64 : Element.Float32) : null;
                request.Set(place, numbers, null);
                request.Set(place, numbers, input.MayBeLabel ? Rent(pool, given, Element.Label) : null);
            }

            request.Gradients = question.Gradients?.Aggregate(0UL, (named, name) => named | (1UL << card.PlaceOfInput(name)));
            request.Resolve();
            ShapeSolver.Solve(request);
            ElementCheck.Run(request);
            request.Gradients = Chosen(question, request);
            return request;
        }
        catch
        {
            request.Dispose();
            throw;
        }
    }

    private static ulong Chosen(Question question, LossRequest request)
    {
        ulong chosen = 0;
        for (int place = 0; place < request.Card.Inputs.Count; place++)
        {
            Input input = request.Card.Inputs[place];
            bool possible = input.Gradient != GradientRule.Never && request.HasInput(place)
                && request.Solution?.Form(place) is not { IsInteger: true };
            if (possible && question.Gradients?.Contains(input.Name) != false)
            {
                chosen |= 1UL << place;
            }
        }

        return chosen;
    }

    private static Tensor Rent(TensorPool pool, Given given, Element element)
    {
        var tensor = Tensor.Rent(pool, new Shape(given.Shape), element);
        ReadOnlySpan<double> values = given.Values;
        switch (element)
        {
            case Element.Float64:
                values.CopyTo(tensor.Float64);
                break;
            case Element.Float32:
                Copy(values, tensor.Float32, value => (float)value);
                break;
            case Element.Label:
                Copy(values, tensor.Label, value => value == Math.Truncate(value) ? (int)value : Labels.NotAnInteger);
                break;
            default:
                Copy(values, tensor.Flag, value => (byte)value);
                break;
        }

        return tensor;
    }

    private static void Copy<T>(ReadOnlySpan<double> from, Span<T> to, Func<double, T> round)
    {
        for (int i = 0; i < to.Length; i++)
        {
            to[i] = round(from[i]);
        }
    }
}

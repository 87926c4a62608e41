using LossService.Engine.Cards;
using LossService.Engine.Lanes;

namespace LossService.Tests.Engine.Harness;

/// <summary>One sample of a question as a formula on paper sees it: a row of every input, in lanes that may carry
/// derivatives, and the settings by name.</summary>
internal sealed class PlainRow<V>(Question question, int row, Func<string, int, double, V> lane)
    where V : struct, ILane<V>
{
    /// <summary>The elements of an input that belong to this row; all of them for class weights.</summary>
    public V[] this[string name] => [.. Numbers(name).Select((number, i) => lane(name, i, number))];

    public bool Has(string name) => question.Inputs.ContainsKey(name);

    /// <summary>The same elements without lanes: labels, and whatever a formula branches on.</summary>
    public double[] Numbers(string name) =>
        [.. PlainRows.Places(question, name, row).Select(place => question.Inputs[name].Values[place])];

    /// <summary>A label or sign, of which a row has one.</summary>
    public int Label(string name) => (int)Numbers(name).Single();

    /// <summary>True where labels are given rather than a number per class.</summary>
    public bool IsLabel(string name) => question.Inputs[name].Shape.Length < PlainRows.Lead(question).Shape.Length;

    public bool IsGiven(string parameter) => question.Parameters.ContainsKey(parameter);

    public double Number(string parameter) =>
        question.Parameters.GetValueOrDefault(parameter, Find(parameter).Default);

    public bool IsOn(string parameter) => Number(parameter) == 1;

    public string Word(string parameter) => Find(parameter).Words[(int)Number(parameter)];

    private Parameter Find(string parameter) =>
        question.Card.ParameterAt(question.Card.PlaceOfParameter(parameter));
}

/// <summary>Where the rows of a question stand: the second axis, or the only one, is a row.</summary>
internal static class PlainRows
{
    /// <summary>The input that introduces the shapes.</summary>
    public static Given Lead(Question question) =>
        question.Inputs[question.Card.Inputs.First(input => question.Inputs.ContainsKey(input.Name)).Name];

    public static int Count(Question question)
    {
        (int length, _) = Axis(question);
        return length == 0 ? 0 : Lead(question).Values.Length / length;
    }

    /// <summary>The places of an input's elements that belong to a row.</summary>
    public static int[] Places(Question question, string name, int row)
    {
        (int length, int inner) = Axis(question);
        int[] shape = question.Inputs[name].Shape;
        if (name == Common.WeightName)
        {
            return [.. Enumerable.Range(0, shape[0])];
        }

        int first = (row / inner * inner * length) + (row % inner);
        return shape.Length < Lead(question).Shape.Length
            ? [row]
            : [.. Enumerable.Range(0, length).Select(c => first + (c * inner))];
    }

    private static (int Length, int Inner) Axis(Question question)
    {
        int[] shape = Lead(question).Shape;
        return shape.Length == 1 ? (shape[0], 1) : (shape[1], shape[2..].Aggregate(1, (a, b) => a * b));
    }
}

using LossService.Engine.Numerics;

namespace LossService.Engine.Cards;

/// <summary>What the elements of an input are.</summary>
public enum InputKind
{
    /// <summary>Floats in the request's dtype.</summary>
    Number,

    /// <summary>Integers, which name a class.</summary>
    Label,

    /// <summary>Booleans.</summary>
    Flag,

    /// <summary>Integers, which count elements of an axis: from 0 to its length.</summary>
    Length,

    /// <summary>Integers, which point at samples by their places, different ones in each row.</summary>
    Place,
}

/// <summary>How an input cuts one flat axis into lists, which stand on it one behind the other.</summary>
public enum Grouping
{
    /// <summary>It does not.</summary>
    None,

    /// <summary>It holds the length of each list.</summary>
    Lengths,

    /// <summary>It holds for each element the id of its list; ids never decrease.</summary>
    Ids,
}

/// <summary>Whether an input can be differentiated, and whether it is without being named.</summary>
public enum GradientRule
{
    /// <summary>Never: weights, labels, masks.</summary>
    Never,

    /// <summary>When the request's <c>gradients</c> names it: targets, teachers.</summary>
    OnRequest,

    /// <summary>Unless the request's <c>gradients</c> leaves it out: predictions.</summary>
    Default,
}

/// <summary>The values an input's elements may have.</summary>
/// <param name="Min">The least value.</param>
/// <param name="Max">The greatest value.</param>
/// <param name="Finite">True when NaN and infinities are refused; predictions may hold them.</param>
public sealed record Domain(double Min, double Max, bool Finite = true)
{
    /// <summary>Any number, NaN and infinities too.</summary>
    public static Domain Any { get; } = new(double.NegativeInfinity, double.PositiveInfinity, Finite: false);

    /// <summary>Any finite number.</summary>
    public static Domain Real { get; } = new(double.NegativeInfinity, double.PositiveInfinity);

    /// <summary>From 0 to 1.</summary>
    public static Domain Probability { get; } = new(0, 1);

    /// <summary>From 0 up.</summary>
    public static Domain NonNegative { get; } = new(0, double.PositiveInfinity);

    /// <summary>Any integer of a label's size: it only tells samples apart.</summary>
    public static Domain Identity { get; } = new(Numerics.Labels.Min, Numerics.Labels.Max);

    /// <summary>-1 or 1.</summary>
    public static Domain Sign { get; } = new(-1, 1) { Values = [-1, 1] };

    /// <summary>-1 or 1, and 0 which counts as -1.</summary>
    public static Domain SignOrZero { get; } = new(-1, 1) { Values = [-1, 0, 1] };

    /// <summary>0 or 1.</summary>
    public static Domain Binary { get; } = new(0, 1) { Values = [0, 1] };

    /// <summary>Boxes as rows x1, y1, x2, y2 with x1 ≤ x2 and y1 ≤ y2.</summary>
    public static Domain Box { get; } = Real with { IsBox = true };

    /// <summary>Boxes as predicted: any numbers, which mean boxes where they are in order.</summary>
    public static Domain PredictedBox { get; } = Any with { IsBox = true };

    /// <summary>The only values allowed, when they can be listed.</summary>
    public IReadOnlyList<double>? Values { get; init; }

    /// <summary>True when rows of four are the corners of boxes; where <see cref="Finite"/>, they are in order.</summary>
    public bool IsBox { get; init; }
}

/// <summary>A choice that decides whether a form is possible.</summary>
/// <param name="Parameter">The choice.</param>
/// <param name="Words">The words that allow the form.</param>
public sealed record FormWith(Parameter Parameter, params IReadOnlyList<string> Words)
{
    /// <summary>True when this value of the choice allows the form.</summary>
    public bool Allows(double value) => double.IsNaN(value) || Words.Any(word => Parameter.ValueOf(word) == value);
}

/// <summary>One way in which an input may be written: a shape, and what its elements then mean.</summary>
/// <param name="Axes">The axes by symbol, such as <c>N C *D</c>; empty for a scalar.</param>
/// <param name="Kind">What the elements are.</param>
public sealed record InputForm(string Axes, InputKind Kind = InputKind.Number)
{
    /// <summary>The values allowed.</summary>
    public Domain Domain { get; init; } = Domain.Any;

    /// <summary>For labels and places: the symbol of the axis whose length they stay below; for lengths, of the axis
    /// that they count on; null where <see cref="Domain"/> says it. Of <see cref="Domain.Identity"/>, any integers as
    /// long as no input says how long the axis is.</summary>
    public string? Classes { get; init; }

    /// <summary>True where the label equal to the number of classes is the background.</summary>
    public bool Background { get; init; }

    /// <summary>The value of <c>target_type</c> that asks for this form, if any.</summary>
    public string? TargetType { get; init; }

    /// <summary>The least length of the class axis for which rank alone may decide for this form.</summary>
    public int ClassesMin { get; init; } = 1;

    /// <summary>The words of a choice that allow this form; null where all do. The choice's null leaves it to the
    /// rank.</summary>
    public FormWith? With { get; init; }

    /// <summary>The symbol of the axis whose length this form itself says, since the first input lacks it.</summary>
    public string? Introduces { get; init; }

    /// <summary>True where the rows of all samples stand one behind the other without padding: as long as the sum of
    /// their lengths.</summary>
    public bool Packed { get; init; }

    /// <summary>The symbol of an axis without which this form means nothing, because another input has to say its
    /// length; null for none.</summary>
    public string? Needs { get; init; }

    /// <summary>True where an element is that of several items alike: its axes are the first ones of the items, and its
    /// gradient is summed over the others.</summary>
    public bool IsShared { get; init; }

    /// <summary>The parameter that says how many parts the first axis has, B rows of as many samples each: it then
    /// binds K, the parts, and N, the samples.</summary>
    public Parameter? Parts { get; init; }

    /// <summary>For labels: the parameter that names the one label which is refused.</summary>
    public Parameter? Except { get; init; }

    /// <summary>True when the elements are read as integers.</summary>
    public bool IsInteger => Kind is InputKind.Label or InputKind.Length or InputKind.Place;

    /// <summary>The shape, ready to be matched.</summary>
    public ShapePattern Pattern { get; } = ShapePattern.Parse(Axes);

    /// <summary>The shape itself, where a request rather than a card decides it: that of the items.</summary>
    public Shape? Fixed { get; init; }
}

/// <summary>One tensor that a loss takes.</summary>
public sealed class Input
{
    /// <summary>Describes an input of floats with one shape or several, separated by <c>|</c>.</summary>
    public Input(string name, string shape, string meaning)
        : this(name, meaning, [.. shape.Split('|').Select(form => new InputForm(form.Trim()))])
    {
    }

    /// <summary>Describes an input whose forms differ in more than their shape.</summary>
    public Input(string name, string meaning, IReadOnlyList<InputForm> forms)
    {
        Name = name;
        Meaning = meaning;
        Forms = forms;
        MayBeLabel = forms.Any(form => form.IsInteger);
        MayBeNumber = forms.Any(form => form.Kind == InputKind.Number);
    }

    /// <summary>The member's name in a request.</summary>
    public string Name { get; }

    /// <summary>What it is, in a sentence.</summary>
    public string Meaning { get; }

    /// <summary>The ways it may be written, most usual first.</summary>
    public IReadOnlyList<InputForm> Forms { get; private set; }

    /// <summary>True when a request may leave it out.</summary>
    public bool Optional { get; init; }

    /// <summary>The name of a set of inputs of which exactly one is given, such as <c>q</c> for q, log_q and
    /// q_logits.</summary>
    public string? OneOf { get; init; }

    /// <summary>The name of the input that this one accompanies: refused without it; beside it required, unless
    /// optional.</summary>
    public string? Beside { get; init; }

    /// <summary>The parameter that decides: the input is required when it is above 0, and refused otherwise.</summary>
    public Parameter? NeededWith { get; init; }

    /// <summary>Whether it has a gradient.</summary>
    public GradientRule Gradient { get; init; }

    /// <summary>The values allowed, for all forms.</summary>
    public Domain Domain
    {
        get => Forms[0].Domain;
        init => Forms = [.. Forms.Select(form => form with { Domain = value })];
    }

    /// <summary>The input of lengths that says how many elements of each row count; the others are padding, which
    /// nobody judges. Rows that are packed cannot do without it.</summary>
    public string? CountedBy { get; init; }

    /// <summary>The input of flags that says which elements of this one count; null where flags of its shape are those
    /// of all.</summary>
    public string? MaskedBy { get; init; }

    /// <summary>Whether it cuts a flat axis into lists.</summary>
    public Grouping Groups { get; init; }

    /// <summary>True when some form holds labels or lengths, so that a reader must keep the integers too.</summary>
    public bool MayBeLabel { get; }

    /// <summary>True when some form holds floats.</summary>
    public bool MayBeNumber { get; }

    /// <summary>True when the elements are booleans.</summary>
    public bool IsFlag => Forms[0].Kind == InputKind.Flag;
}

namespace LossService.Engine.Cards;

/// <summary>A publication or a system's own documentation.</summary>
/// <param name="Citation">Authors, title, year.</param>
/// <param name="Url">Where to read it.</param>
public sealed record Reference(string Citation, string Url);

/// <summary>A request that runs, as JSON text; the surfaces show it and a test posts it.</summary>
/// <param name="Name">A short name in lower case.</param>
/// <param name="Meaning">What it shows.</param>
/// <param name="Body">The JSON body.</param>
public sealed record Example(string Name, string Meaning, string Body);

/// <summary>Another library's defaults: what it changes, by parameter name and value as written in a request.</summary>
/// <param name="Name">One of the words of <see cref="Common.Preset"/>.</param>
/// <param name="Changes">Parameter or common member, and its value.</param>
public sealed record Preset(string Name, params IReadOnlyList<(string Name, string Value)> Changes);

/// <summary>Another shape of the items, which a choice brings about.</summary>
/// <param name="Parameter">The choice.</param>
/// <param name="Word">The word that brings it about.</param>
/// <param name="Items">The shape, as <see cref="LossCard.Items"/> has it.</param>
public sealed record ItemsWith(Parameter Parameter, string Word, string Items)
{
    /// <summary>The alternatives of the shape, ready to be evaluated.</summary>
    public IReadOnlyList<ShapePattern> Patterns { get; } = ShapePattern.ParseAll(Items);
}

/// <summary>Words of two choices that do not go together.</summary>
/// <param name="First">The one choice.</param>
/// <param name="Second">The other.</param>
public sealed record Conflict(FormWith First, FormWith Second);

/// <summary>The greatest length of an axis of a loss whose cost grows with the square of it.</summary>
/// <param name="Axis">The axis, by its symbol.</param>
/// <param name="Length">The greatest length.</param>
public sealed record AxisMax(string Axis, int Length)
{
    /// <summary>The longest list of which all pairs are formed: 67 million, a second of one processor.</summary>
    public const int Paired = 8192;

    /// <summary>The limit of a list of which all pairs are formed.</summary>
    public static AxisMax OfPairs { get; } = new("L", Paired);

    /// <summary>The limit of a list of which a matrix is kept and scaled again and again: two of 8 MiB.</summary>
    public static AxisMax OfPermutations { get; } = new("L", 1024);

    /// <summary>The limit of a batch in which every sample meets every other; their similarities are kept.</summary>
    public static AxisMax OfBatch { get; } = new("N", 4096);
}

/// <summary>A tensor that an answer holds beside losses and derivatives: what a loss chose, or its new state.</summary>
/// <param name="Name">The member's name.</param>
/// <param name="Shape">Its axes, as a reader may want to see them.</param>
/// <param name="Kind">What the elements are: integers for labels and lengths, floats for numbers.</param>
/// <param name="Meaning">What it is, in a sentence.</param>
public sealed record Output(string Name, string Shape, InputKind Kind, string Meaning);

/// <summary>How the cost of a loss grows with its input.</summary>
public enum Cost
{
    /// <summary>With the number of elements.</summary>
    Linear,

    /// <summary>With n log n: something is sorted.</summary>
    Sorting,

    /// <summary>With the square: everything meets everything.</summary>
    Quadratic,
}

/// <summary>Everything a loss says about itself; validation, OpenAPI, the catalogue, examples and tests read it
/// here.</summary>
public sealed record LossCard
{
    /// <summary>The canonical name, snake_case, the field's standard term.</summary>
    public required string Name { get; init; }

    /// <summary>One line of at most 80 characters that starts with a verb.</summary>
    public required string Summary { get; init; }

    /// <summary>The loss of one item, in LaTeX.</summary>
    public required string Formula { get; init; }

    /// <summary>Where it comes from; at least one.</summary>
    public required IReadOnlyList<Reference> References { get; init; }

    /// <summary>The tensors it takes. The first that is given introduces the symbols of the shapes.</summary>
    public required IReadOnlyList<Input> Inputs
    {
        get;
        init
        {
            field = value;
            InputArray = [.. value];
        }
    }

    /// <summary>The same as an array, for what every request does.</summary>
    internal Input[] InputArray { get; private init; } = [];

    /// <summary>The scalars it takes beside the common members.</summary>
    public IReadOnlyList<Parameter> Parameters
    {
        get;
        init
        {
            field = value;
            ParameterArray = [.. value];
            IgnoreIndex = value.FirstOrDefault(parameter => parameter.Name == "ignore_index");
        }
    } = [];

    /// <summary>The same as an array: a request looks some thirty settings up, and a call through an interface costs
    /// more than the search.</summary>
    internal Parameter[] ParameterArray { get; private init; } = [];

    /// <summary>What every parameter is unless it is given, by place; the common ones last.</summary>
    internal double[] Defaults => field ??=
        [.. ParameterArray.Concat(Common.Parameters).Select(parameter => parameter.Default)];

    /// <summary>The shape of the unreduced loss, in the symbols of the inputs; alternatives as in the first
    /// input.</summary>
    public required string Items
    {
        get;
        init
        {
            field = value;
            ItemPatterns = ShapePattern.ParseAll(value);
        }
    }

    /// <summary>The alternatives of <see cref="Items"/>, ready to be evaluated.</summary>
    public IReadOnlyList<ShapePattern> ItemPatterns { get; private init; } = [];

    /// <summary>The other shape that a choice gives the items, for a loss that has one.</summary>
    public ItemsWith? ItemsWith { get; init; }

    /// <summary>At least one request that runs.</summary>
    public required IReadOnlyList<Example> Examples { get; init; }

    /// <summary>Other names that are routed to it.</summary>
    public IReadOnlyList<string> Aliases { get; init; } = [];

    /// <summary>Whether <c>hessian: "diagonal"</c> exists.</summary>
    public bool HasHessian { get; init; } = true;

    /// <summary>The Hessians beside the exact diagonal.</summary>
    public IReadOnlyList<HessianForm> HessianForms { get; init; } = [];

    /// <summary>Whether <c>reduction: "batchmean"</c> exists.</summary>
    public bool HasBatchMean { get; init; }

    /// <summary>What <c>weight_normalization</c> defaults to: true divides a mean by the sum of the class
    /// weights.</summary>
    public bool MeanDividesByWeights { get; init; }

    /// <summary>True when a mean may divide by a weight sum at all: the loss has class or element weights.</summary>
    public bool HasWeight => Inputs.Any(input => input.Name == Common.WeightName);

    /// <summary>What the loss does at its edges, a sentence each: infinities, zeros, kinks, nothing left.</summary>
    public IReadOnlyList<string> Edges { get; init; } = [];

    /// <summary>Other libraries' conventions for this loss.</summary>
    public IReadOnlyList<Preset> Presets { get; init; } = [];

    /// <summary>How its cost grows.</summary>
    public Cost Cost { get; init; }

    /// <summary>How many times as much it costs as its family's losses do as a rule; 1 within a few times.</summary>
    public double CostFactor { get; init; } = 1;

    /// <summary>How long an axis may be along which a loss pairs elements; null for no such limit.</summary>
    public AxisMax? AxisMax { get; init; }

    /// <summary>True when every sample meets every other, so that a part of a batch answers something else.</summary>
    public bool SamplesMeet { get => field || AxisMax is { Axis: "N" }; init; }

    /// <summary>The parameter of a loss whose mean divides each item by its length beside the count: its word
    /// <c>never</c> makes them alike.</summary>
    public Parameter? LengthNormalization { get; init; }

    /// <summary>Choices that do not go together.</summary>
    public IReadOnlyList<Conflict> Conflicts { get; init; } = [];

    /// <summary>The words of a choice under which the loss draws random numbers, which <c>seed</c> starts; null where
    /// it never does.</summary>
    public FormWith? Draws { get; init; }

    /// <summary>The tensors that its answers hold beside losses and derivatives.</summary>
    public IReadOnlyList<Output> Outputs { get; init; } = [];

    /// <summary>The family of meaning: the folder, the namespace and the tag, in lower case.</summary>
    public required string Family { get; init; }

    /// <summary>The parameter <c>ignore_index</c> of a loss that has one.</summary>
    public Parameter? IgnoreIndex { get; private init; }

    /// <summary>The shape of the items under the settings of a request.</summary>
    public IReadOnlyList<ShapePattern> ItemsOf(LossRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        return ItemsWith is { } other && request[other.Parameter] == other.Parameter.ValueOf(other.Word)
            ? other.Patterns
            : ItemPatterns;
    }

    /// <summary>The place of an input by name, or -1. Common tensors follow the card's own.</summary>
    public int PlaceOfInput(string name)
    {
        for (int place = 0; place < Inputs.Count; place++)
        {
            if (Inputs[place].Name == name)
            {
                return place;
            }
        }

        for (int place = 0; place < Common.Tensors.Count; place++)
        {
            if (Common.Tensors[place].Name == name)
            {
                return Inputs.Count + place;
            }
        }

        return -1;
    }

    /// <summary>The place of a parameter by name, or -1. Common parameters follow the card's own.</summary>
    public int PlaceOfParameter(string name)
    {
        for (int place = 0; place < Parameters.Count; place++)
        {
            if (Parameters[place].Name == name)
            {
                return place;
            }
        }

        for (int place = 0; place < Common.Parameters.Count; place++)
        {
            if (Common.Parameters[place].Name == name)
            {
                return Parameters.Count + place;
            }
        }

        return -1;
    }

    /// <summary>The input at a place that <see cref="PlaceOfInput"/> gave.</summary>
    public Input InputAt(int place) => place < Inputs.Count ? Inputs[place] : Common.Tensors[place - Inputs.Count];

    /// <summary>The parameter at a place that <see cref="PlaceOfParameter"/> gave.</summary>
    public Parameter ParameterAt(int place) =>
        place < Parameters.Count ? Parameters[place] : Common.Parameters[place - Parameters.Count];
}

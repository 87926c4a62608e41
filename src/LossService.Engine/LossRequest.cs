using System.Runtime.CompilerServices;
using LossService.Engine.Cards;
using LossService.Engine.Numerics;

namespace LossService.Engine;

/// <summary>One question to a loss: tensors and settings by their places on its card, and what is wrong with
/// them.</summary>
/// <remarks>A reader fills it, <see cref="Resolve"/> settles defaults and presets, <see cref="ShapeSolver"/> and the
/// validators judge it, and <see cref="Loss.Run"/> answers it. It owns its tensors. One thread at a time.</remarks>
public sealed class LossRequest : IDisposable
{
    private readonly Tensor?[] _tensors;
    private readonly Tensor?[] _labels;
    private readonly double[] _values;
    private ulong _given; // one bit a place

    /// <summary>Starts a question to the loss of this card.</summary>
    public LossRequest(LossCard card)
    {
        ArgumentNullException.ThrowIfNull(card);
        Card = card;
        int inputs = card.InputArray.Length + Common.Tensors.Count;
        _tensors = new Tensor?[inputs];
        _labels = new Tensor?[inputs];
        _values = [.. card.Defaults];
    }

    /// <summary>The card of the loss that is asked.</summary>
    public LossCard Card { get; }

    /// <summary>What is wrong, so far.</summary>
    public Mistakes Mistakes { get; } = new();

    /// <summary>What its reader did that the caller should know; an answer lists it before the loss's own
    /// notes.</summary>
    public List<Note> Notes { get; } = [];

    /// <summary>The shapes, once <see cref="ShapeSolver"/> has found them to agree.</summary>
    public Solution? Solution { get; private set; }

    /// <summary>How many elements its inputs have together.</summary>
    public long Elements
    {
        get
        {
            long elements = 0;
            for (int place = 0; place < _tensors.Length; place++)
            {
                elements += HasInput(place) ? AnyTensor(place).Shape.Elements : 0;
            }

            return elements;
        }
    }

    /// <summary>The inputs to differentiate, one bit a place on the card; null until <see cref="Resolve"/> unless
    /// given.</summary>
    public ulong? Gradients { get; set; }

    /// <summary>Where <see cref="Gradients"/> were given, for mistakes about them.</summary>
    public string GradientsPointer { get; set; } = "/" + Common.GradientsName;

    /// <summary>The parameters that came by the query string instead of the body, one bit a place on the
    /// card.</summary>
    public ulong GivenInQuery { get; set; }

    /// <summary>The pointer to the object of the body that holds the parameters; empty for the body itself.</summary>
    public string ParametersPointer { get; set; } = "";

    /// <summary>How the items are reduced: the override where there is one.</summary>
    public Reduction Reduction
    {
        get
        {
            double wins = this[Common.ReductionOverride];
            return (Reduction)(int)(double.IsNaN(wins) ? this[Common.Reduction] : wins);
        }
    }

    /// <summary>The precision of the answer and of all float tensors.</summary>
    public bool IsFloat64 => this[Common.Dtype] == 1;

    /// <summary>The element type of all float tensors.</summary>
    public Element FloatElement => IsFloat64 ? Element.Float64 : Element.Float32;

    /// <summary>A setting's value, as <see cref="Parameter"/> says; after <see cref="Resolve"/> never unset.</summary>
    public double this[Parameter parameter] => _values[Place(parameter)];

    /// <summary>True when the request itself gave the parameter at this place.</summary>
    public bool IsGiven(int place) => ((_given >> place) & 1) != 0;

    /// <summary>True when the request itself, or its preset, gave this parameter.</summary>
    public bool IsGiven(Parameter parameter) => IsGiven(Place(parameter));

    /// <summary>Where a mistake about this parameter points: <c>/margin</c>, <c>?margin</c> in the query, or into the
    /// object that holds it.</summary>
    public string PointerOf(Parameter parameter)
    {
        ArgumentNullException.ThrowIfNull(parameter);
        bool isInQuery = ((GivenInQuery >> Place(parameter)) & 1) != 0;
        return isInQuery ? $"?{parameter.Name}" : $"{ParametersPointer}/{parameter.Name}";
    }

    /// <summary>Sets a parameter, whatever its range: a validator judges later.</summary>
    public void Set(int place, double value)
    {
        Parameter parameter = Card.ParameterAt(place);
        _values[place] = value == parameter.NullAlias ? double.NaN : value;
        _given |= 1UL << place;
    }

    /// <summary>The floats (or flags) at a place of <see cref="LossCard.PlaceOfInput"/>, if any.</summary>
    public Tensor? Tensor(int place) => _tensors[place];

    /// <summary>The same input read as labels, where the card says that it may be.</summary>
    public Tensor? LabelTensor(int place) => _labels[place];

    /// <summary>Floats (or flags) by the input's name, if any.</summary>
    public Tensor? Tensor(string name) => _tensors[Card.PlaceOfInput(name)];

    /// <summary>True when the input at this place was given.</summary>
    public bool HasInput(int place) => _tensors[place] is not null || _labels[place] is not null;

    /// <summary>The shape of the input at this place, which was given.</summary>
    public Tensor AnyTensor(int place) => _tensors[place] ?? _labels[place]!;

    /// <summary>Hands over an input's tensors, which the request disposes from now on.</summary>
    public void Set(int place, Tensor? numbers, Tensor? labels)
    {
        _tensors[place] = numbers;
        _labels[place] = labels;
    }

    /// <summary>Notes that the numbers of the input at this place lost digits when they were read.</summary>
    public void TellRounded(int place)
    {
        string detail = $"{Card.InputAt(place).Name} came as float64 and was rounded once to float32";
        Notes.Add(new("rounded", detail) { Place = place });
    }

    /// <summary>Settles what was not given: first by the preset, then by each card's own choice of gradients.</summary>
    public void Resolve()
    {
        double preset = this[Common.Preset];
        if (!double.IsNaN(preset) && Common.Preset.Allows(preset))
        {
            string name = Common.Preset.Words[(int)preset];
            foreach (Preset candidate in Card.Presets)
            {
                if (candidate.Name == name)
                {
                    Apply(candidate);
                }
            }
        }

        Gradients ??= DefaultGradients();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        for (int place = 0; place < _tensors.Length; place++)
        {
            _tensors[place]?.Dispose();
            _labels[place]?.Dispose();
            _tensors[place] = null;
            _labels[place] = null;
        }
    }

    /// <summary>Takes the shapes, which agree. What they say to be labels was read as numbers too, but only integers
    /// count, which lost no digits: such notes are taken back.</summary>
    internal void Settle(Solution solution)
    {
        Solution = solution;
        for (int at = Notes.Count - 1; at >= 0; at--)
        {
            if (Notes[at].Place is { } place && solution.Form(place) is { IsInteger: true })
            {
                Notes.RemoveAt(at);
            }
        }
    }

    private ulong DefaultGradients()
    {
        ulong chosen = 0;
        for (int place = 0; place < Card.InputArray.Length; place++)
        {
            if (Card.InputArray[place].Gradient == GradientRule.Default && HasInput(place))
            {
                chosen |= 1UL << place;
            }
        }

        return chosen;
    }

    private void Apply(Preset preset)
    {
        foreach ((string name, string value) in preset.Changes)
        {
            int place = Card.PlaceOfParameter(name);
            if (!IsGiven(place))
            {
                Set(place, ParameterText.Parse(Card.ParameterAt(place), value));
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)] // a request looks some twenty common ones up
    private int Place(Parameter parameter)
    {
        int common = parameter.CommonPlace;
        return common >= 0 ? Card.ParameterArray.Length + common : PlaceOfOwn(parameter);
    }

    private int PlaceOfOwn(Parameter parameter)
    {
        Parameter[] own = Card.ParameterArray;
        for (int place = 0; place < own.Length; place++)
        {
            if (ReferenceEquals(own[place], parameter))
            {
                return place;
            }
        }

        throw new ArgumentException($"{parameter.Name} stands neither on the card nor among the common members.");
    }
}

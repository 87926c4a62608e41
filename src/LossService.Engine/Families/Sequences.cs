using LossService.Engine.Cards;
using LossService.Engine.Numerics;

namespace LossService.Engine.Families;

/// <summary>Where the steps and the labels of each sequence of a request are: steps on the first axis, sequences on the
/// second; labels padded or packed.</summary>
internal sealed class Sequences : IDisposable
{
    private readonly Tensor _starts;
    private readonly Tensor _labels;
    private readonly Tensor? _steps;
    private readonly Tensor? _counts;
    private readonly int _width;

    public Sequences(LossRequest request, TensorPool pool)
    {
        Solution solution = request.Solution!;
        LossCard card = request.Card;
        Count = solution.Length("N");
        Steps = solution.Length("T");
        Classes = solution.Length("C");
        int targets = card.PlaceOfInput("targets");
        _labels = request.LabelTensor(targets)!;
        _steps = request.LabelTensor(card.PlaceOfInput("input_lengths"));
        _counts = request.LabelTensor(card.PlaceOfInput("target_lengths"));
        _width = solution.Length("S");
        bool packed = solution.Form(targets)!.Packed;
        _starts = Tensor.Rent(pool, new Shape(Count), Element.Label);
        for (int sequence = 0, start = 0; sequence < Count; sequence++)
        {
            _starts.Label[sequence] = start;
            start += packed ? LabelsIn(sequence) : _width;
        }
    }

    /// <summary>How many sequences there are.</summary>
    public int Count { get; }

    /// <summary>How many steps the longest has.</summary>
    public int Steps { get; }

    /// <summary>How many classes there are, the blank among them.</summary>
    public int Classes { get; }

    /// <summary>How many steps of a sequence count.</summary>
    public int StepsIn(int sequence) => _steps is null ? Steps : _steps.Label[sequence];

    /// <summary>How many labels a sequence has.</summary>
    public int LabelsIn(int sequence) => _counts is null ? _width : _counts.Label[sequence];

    /// <summary>The labels of a sequence.</summary>
    public ReadOnlySpan<int> Labels(int sequence) =>
        _labels.Label.Slice(_starts.Label[sequence], LabelsIn(sequence));

    /// <summary>Where the classes of one step of a sequence start.</summary>
    public int Row(int sequence, int step) => ((step * Count) + sequence) * Classes;

    public void Dispose() => _starts.Dispose();
}

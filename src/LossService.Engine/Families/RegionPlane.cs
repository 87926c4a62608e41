using System.Numerics;
using LossService.Engine.Cards;
using LossService.Engine.Lanes;
using LossService.Engine.Numerics;

namespace LossService.Engine.Families;

/// <summary>What predictions are, and so how a slope on p goes back to them.</summary>
internal enum RegionForm
{
    Softmax,
    Sigmoid,
    Probabilities,
    Scores,
}

/// <summary>The predictions and truths of a request as rows of places, a row a class, block by block in
/// doubles.</summary>
/// <remarks>A block is a run of places of one region: consecutive over samples, since places of (N, C, D) are counted
/// n·D + d. The cut depends on lengths alone.</remarks>
internal sealed class RegionPlane<T>
    where T : unmanaged, INumberBase<T>
{
    private const int PlacesMin = 64; // a block of many classes still fills its lanes

    private readonly Tensor? _targets;
    private readonly Tensor? _labels;
    private readonly int _inner;
    private readonly int _ignore;
    private readonly bool _ignores;
    private readonly int _placesPerBlock;

    public RegionPlane(LossRequest request, bool isHinge)
    {
        Solution solution = request.Solution!;
        IsBinary = !solution.Has("C");
        Classes = solution.Length("C");
        Place = solution.First;
        Predictions = request.Tensor(Place)!;
        bool isMultilabel = request.Card.Parameters.Contains(RegionMembers.Mode)
            && request[RegionMembers.Mode] == RegionMembers.Mode.ValueOf("multilabel");
        HasOneClassAPlace = !IsBinary && !isMultilabel;
        Form = isHinge ? RegionForm.Scores
            : request.Card.Inputs[Place].Name == "probabilities" ? RegionForm.Probabilities
            : HasOneClassAPlace ? RegionForm.Softmax
            : RegionForm.Sigmoid;
        int targets = request.Card.PlaceOfInput("targets");
        bool byLabel = solution.Form(targets)!.Kind == InputKind.Label;
        _labels = byLabel ? request.LabelTensor(targets) : null;
        _targets = byLabel ? null : request.Tensor(targets);
        TargetsPlace = targets;
        _ignore = (int)request[request.Card.IgnoreIndex!];
        _inner = solution.Rest.Elements;
        Pixels = solution.Length("N") * _inner;
        Regions = solution.Items.Elements;
        PlacesPerRegion = solution.Items.Rank == 0 ? Pixels : _inner;
        _placesPerBlock = (Math.Max(PlacesMin, Driver.BlockItems / Math.Max(1, Classes)) + 15) & ~15;
        BlocksPerRegion = (PlacesPerRegion + _placesPerBlock - 1) / _placesPerBlock;
        _ignores = _labels is not null && _labels.Label.Contains(_ignore);
    }

    /// <summary>The place of the predictions on the card.</summary>
    public int Place { get; }

    /// <summary>The place of the targets on the card.</summary>
    public int TargetsPlace { get; }

    public Tensor Predictions { get; }

    public RegionForm Form { get; }

    /// <summary>True where the classes of a place are alternatives, whose probabilities sum to 1.</summary>
    public bool HasOneClassAPlace { get; }

    /// <summary>True where there is no axis of classes.</summary>
    public bool IsBinary { get; }

    public int Classes { get; }

    /// <summary>The places of all regions.</summary>
    public int Pixels { get; }

    public int Regions { get; }

    public int PlacesPerRegion { get; }

    public int BlocksPerRegion { get; }

    public int Blocks => Regions * BlocksPerRegion;

    /// <summary>How many places of a region are ignored by their label.</summary>
    public int IgnoredIn(int region) => !_ignores ? 0
        : _labels!.Label.Slice(region * PlacesPerRegion, PlacesPerRegion).Count(_ignore);

    /// <summary>The first place of a block and how many it has.</summary>
    public (int Start, int Count) PlacesOf(int block)
    {
        int region = block / BlocksPerRegion;
        int within = block % BlocksPerRegion * _placesPerBlock;
        return ((region * PlacesPerRegion) + within, Math.Min(_placesPerBlock, PlacesPerRegion - within));
    }

    public bool IsIgnored(int place) => _ignores && _labels!.Label[place] == _ignore;

    /// <summary>True where hard truth has this class at a place.</summary>
    public bool IsTrue(int place, int @class) => _labels!.Label[place] == (IsBinary ? 1 : @class);

    /// <summary>A class's row of a tensor shaped like the predictions.</summary>
    public void Read(Tensor tensor, int @class, int start, Span<double> row)
    {
        ReadOnlySpan<T> all = tensor.Values<T>();
        for (int done = 0; done < row.Length;)
        {
            (int sample, int inner) = Math.DivRem(start + done, _inner);
            int run = Math.Min(row.Length - done, _inner - inner);
            Rows.Widen(all.Slice((((sample * Classes) + @class) * _inner) + inner, run), row.Slice(done, run));
            done += run;
        }
    }

    /// <summary>Writes a class's row of a gradient, 0 where a place is ignored.</summary>
    public void Write(Tensor tensor, int @class, int start, Span<double> row)
    {
        for (int i = 0; _ignores && i < row.Length; i++)
        {
            row[i] = IsIgnored(start + i) ? 0 : row[i];
        }

        Span<T> all = tensor.Values<T>();
        for (int done = 0; done < row.Length;)
        {
            (int sample, int inner) = Math.DivRem(start + done, _inner);
            int run = Math.Min(row.Length - done, _inner - inner);
            Rows.Narrow(row.Slice(done, run), all.Slice((((sample * Classes) + @class) * _inner) + inner, run));
            done += run;
        }
    }

    /// <summary>A class's row of truths; 0 where a place is ignored, and past the end.</summary>
    public void ReadTruth(int @class, int start, int count, Span<double> row)
    {
        row[count..].Clear();
        if (_targets is not null)
        {
            Read(_targets, @class, start, row[..count]);
            return;
        }

        for (int i = 0; i < count; i++)
        {
            row[i] = IsTrue(start + i, @class) && !IsIgnored(start + i) ? 1 : 0;
        }
    }
}

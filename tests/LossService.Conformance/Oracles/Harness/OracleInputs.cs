using System.Globalization;
using TorchSharp;
using static TorchSharp.torch;

namespace LossService.Conformance.Oracles.Harness;

/// <summary>A request as an oracle sees it: its inputs as torch tensors, its settings by name.</summary>
/// <remarks>
/// Numbers are leaves that require gradients. Where a mask hides an item, the numbers behind it are replaced by ones
/// that every domain allows, outside the leaf: a hidden NaN neither reaches the formula nor comes back as a gradient.
/// </remarks>
internal sealed class OracleInputs
{
    private const double Harmless = 0.5; // a probability, a finite score, a positive distance

    private readonly OracleRequest _request;
    private readonly Dictionary<string, Tensor> _leaves = [];

    public OracleInputs(OracleRequest request)
    {
        _request = request;
        Dtype = Word("dtype", "float64") == "float32" ? ScalarType.Float32 : ScalarType.Float64;
        Mask = Has("mask") ? Array("mask").to(ScalarType.Bool) : null;
    }

    /// <summary>Float64 for the truth, Float32 for the peer.</summary>
    public ScalarType Dtype { get; }

    /// <summary>True when torch's own function is wanted, whatever digits it loses.</summary>
    public bool IsPeer => Dtype == ScalarType.Float32;

    /// <summary>Which items count, as given; null when all do.</summary>
    public Tensor? Mask { get; }

    /// <summary>The numbers that took part so far, by name.</summary>
    public IReadOnlyDictionary<string, Tensor> Leaves => _leaves;

    /// <summary>An input as numbers that can be differentiated.</summary>
    public Tensor this[string name]
    {
        get
        {
            Tensor leaf = Leaf(name);
            return KeepFor(leaf) is Tensor keep ? where(keep, leaf, full_like(leaf, Harmless)) : leaf;
        }
    }

    /// <summary>The same as given, for an oracle that does not touch what is masked.</summary>
    public Tensor Leaf(string name)
    {
        if (!_leaves.TryGetValue(name, out Tensor? leaf))
        {
            leaf = Array(name).requires_grad_();
            _leaves.Add(name, leaf);
        }

        return leaf;
    }

    /// <summary>An input as integers as given, masked or not; null when absent.</summary>
    public long[]? Integers(string name) =>
        Has(name) ? [.. _request.Inputs[name].Values.Select(value => (long)value)] : null;

    /// <summary>An input as class labels.</summary>
    public Tensor Labels(string name)
    {
        // Converted from double: in float32 a label beyond 2^24 would change.
        OracleArray array = _request.Inputs[name];
        Tensor labels = tensor([.. array.Values.Select(value => (long)value)], array.Shape);
        return KeepFor(labels) is Tensor keep ? where(keep, labels, zeros_like(labels)) : labels;
    }

    /// <summary>An input that is never differentiated nor masked, such as a weight; null when absent.</summary>
    public Tensor? Constant(string name) => Has(name) ? Array(name) : null;

    /// <summary>True when the request gives this input.</summary>
    public bool Has(string name) => _request.Inputs.ContainsKey(name);

    /// <summary>True when the request gives this setting.</summary>
    public bool Sets(string name) => _request.Parameters.ContainsKey(name);

    /// <summary>How many axes this input has.</summary>
    public int Rank(string name) => _request.Inputs[name].Shape.Length;

    /// <summary>The only one of these inputs that was given.</summary>
    public string Which(params string[] names) => names.Single(Has);

    /// <summary>A number, or the default.</summary>
    public double Number(string name, double @default) =>
        NumberOrNull(name, @default) ?? throw new ArgumentException($"{name} may not be null");

    /// <summary>A number or null, or the default. NaN is null, as in the engine.</summary>
    public double? NumberOrNull(string name, double? @default)
    {
        if (!_request.Parameters.TryGetValue(name, out object? value))
        {
            return @default;
        }

        double? number = value is null ? null : Convert.ToDouble(value, CultureInfo.InvariantCulture);
        return number is double.NaN ? null : number;
    }

    /// <summary>True or false, or the default.</summary>
    public bool Flag(string name, bool @default) =>
        _request.Parameters.TryGetValue(name, out object? value) ? (bool)value! : @default;

    /// <summary>A choice's word, or the default; null counts as absent.</summary>
    public string Word(string name, string @default) =>
        (string?)_request.Parameters.GetValueOrDefault(name) ?? @default;

    /// <summary>Multiplies the items by the input <c>weight</c>, if given: see <see cref="PerItem"/>.</summary>
    public OracleItems Weighted(Tensor items)
    {
        if (Constant("weight") is not Tensor weight)
        {
            return new(items);
        }

        weight = PerItem(weight, items);
        return new(items * weight) { Weights = weight };
    }

    /// <summary>Spreads what is given an item, a sample (first axis) or flat over the shape of the items.</summary>
    public static Tensor PerItem(Tensor given, Tensor items)
    {
        bool perSample = given.dim() == 1 && items.dim() > 1 && given.shape[0] == items.shape[0];
        if (perSample)
        {
            given = given.view([given.shape[0], .. Enumerable.Repeat(1L, (int)items.dim() - 1)]);
        }

        return given.numel() == items.numel() ? given.reshape(items.shape) : given.expand(items.shape);
    }

    private Tensor Array(string name)
    {
        OracleArray array = _request.Inputs[name];
        return tensor(array.Values, array.Shape).to(Dtype);
    }

    /// <summary>The mask in the shape of an input: element by element, by row of classes, or by sample.</summary>
    private Tensor? KeepFor(Tensor input)
    {
        if (Mask is null)
        {
            return null;
        }

        long[] items = Mask.shape;
        long[] axes = input.shape;
        if (items.Length == 0)
        {
            return Mask.expand(axes); // one item of everything
        }

        if (axes.SequenceEqual(items))
        {
            // Where the terms of a row are items, a masked class still belongs to its row's softmax.
            long axis = Ops.ClassAxis(input);
            return Word("class_reduction", "sum") == "none" ? Mask.any(axis, keepdim: true).expand(axes) : Mask;
        }

        if (axes.Length == items.Length + 1 && WithoutAxis(axes, Ops.ClassAxis(input)).SequenceEqual(items))
        {
            return Mask.unsqueeze(Ops.ClassAxis(input)).expand(axes);
        }

        if (items.Length == axes.Length + 1 && WithoutAxis(items, 1).SequenceEqual(axes))
        {
            return Mask.any(1); // a label of a row of which some class counts
        }

        return items.Length == 1 && axes.Length > 0 && axes[0] == items[0] ? PerItem(Mask, input) : null;
    }

    private static IEnumerable<long> WithoutAxis(long[] axes, long axis) => axes.Where((_, i) => i != axis);
}

using LossService.Benchmarks.Harness;
using LossService.Conformance.Native;
using LossService.Engine.Families;
using LossService.Engine.Lanes;
using LossService.Engine.Numerics;
using TorchSharp;
using Workshop = LossService.Engine.Families.Workshop;

namespace LossService.Benchmarks.Kernels;

/// <summary>A matrix product that the in-batch losses are made of, and the same in libtorch.</summary>
internal sealed class ProductCase : IDisposable
{
    private readonly TensorPool _pool = new(1L << 32);
    private readonly Func<TensorPool, Driver> _driver;
    private readonly Func<torch.Tensor>? _torch;
    private readonly Tensor _product;
    private readonly Tensor[] _sides;
    private readonly torch.Tensor[] _torchSides = [];
    private double[] _torchSaid = [];

    private ProductCase(
        string work, double[][] sides, (int Rows, int Columns)[] shapes, (int Rows, int Columns) product,
        Func<Tensor[], Tensor, TensorPool, Driver> driver,
        Func<torch.Tensor[], torch.Tensor> peer)
    {
        Work = work;
        Elements = product.Rows * product.Columns;
        _product = Tensor.Rent(_pool, new Shape(product.Rows, product.Columns), Element.Float32);
        _sides = [.. sides.Zip(shapes, (numbers, shape) =>
        {
            Tensor side = Tensor.Rent(_pool, new Shape(shape.Rows, shape.Columns), Element.Float32);
            for (int i = 0; i < numbers.Length; i++)
            {
                side.Float32[i] = (float)numbers[i];
            }

            return side;
        })];
        _driver = pool => driver(_sides, _product, pool);
        if (Libtorch.Available)
        {
            _torchSides = [.. _sides.Zip(shapes, (side, shape) =>
                torch.tensor(side.Float32.ToArray()).reshape(shape.Rows, shape.Columns))];
            _torch = () => peer(_torchSides);
        }
    }

    /// <summary>The row's name.</summary>
    public string Work { get; }

    /// <summary>How many numbers the product has.</summary>
    public int Elements { get; }

    /// <summary>Similarities of all rows of one matrix with all rows of another.</summary>
    public static ProductCase Similarities(int rows, int depth) => new(
        $"product A·Bᵀ ({rows},{depth})", [Normals(1, rows * depth), Normals(2, rows * depth)],
        [(rows, depth), (rows, depth)], (rows, rows),
        (sides, product, pool) => Product(pool, new(sides[0], rows, depth), new(sides[1], rows, depth), product),
        given => torch.matmul(given[0], given[1].t()));

    /// <summary>Similarities of all rows of one matrix with each other.</summary>
    public static ProductCase Symmetric(int rows, int depth) => new(
        $"product Z·Zᵀ ({rows},{depth})", [Normals(1, rows * depth)], [(rows, depth)], (rows, rows),
        (sides, product, pool) => Wide.IsFast
            ? ProductDriver<float, WideSingleLane>.Symmetric(new(pool), new(sides[0], rows, depth), product)
            : ProductDriver<float, SingleLane>.Symmetric(new(pool), new(sides[0], rows, depth), product),
        given => torch.matmul(given[0], given[0].t()));

    /// <summary>What slopes on similarities owe to the vectors they came from.</summary>
    public static ProductCase Gradient(int rows, int depth) => new(
        $"product Gᵀ·Z ({rows},{depth})", [Normals(1, rows * rows), Normals(2, rows * depth)],
        [(rows, rows), (rows, depth)], (rows, depth),
        (sides, product, pool) => Product(
            pool, new(sides[0], rows, rows, AreColumns: true), new(sides[1], depth, rows, AreColumns: true), product),
        given => torch.matmul(given[0].t(), given[1]));

    /// <summary>The engine's own product.</summary>
    public Entrant Engine(int threads)
    {
        var workshop = new Workshop(_pool, threads);
        return new Local("LossService", () => Answer(workshop), Check, threads);
    }

    /// <summary>libtorch's; null where it does not load.</summary>
    public Entrant? Torch(int threads) => _torch is null
        ? null
        : new Local("libtorch", () => AnswerTorch(false), CheckTorch, threads, () => torch.set_num_threads(threads));

    public void Dispose()
    {
        _product.Dispose();
        Array.ForEach(_sides, side => side.Dispose());
        Array.ForEach(_torchSides, side => side.Dispose());
    }

    private static Driver Product(TensorPool pool, MatrixSide left, MatrixSide right, Tensor product) =>
        Wide.IsFast
            ? new ProductDriver<float, WideSingleLane>(new(pool), left, right, product)
            : new ProductDriver<float, SingleLane>(new(pool), left, right, product);

    private void Answer(Workshop workshop)
    {
        Driver driver = _driver(_pool);
        using var rented = (IDisposable)driver;
        driver.RunAll(workshop);
    }

    private double[] Check()
    {
        double size = 0;
        foreach (float one in _product.Float32)
        {
            size += Math.Abs((double)one);
        }

        return [size];
    }

    private void AnswerTorch(bool says)
    {
        using torch.Tensor product = _torch!();
        if (says)
        {
            using DisposeScope scope = torch.NewDisposeScope();
            _torchSaid = [product.abs().sum(torch.ScalarType.Float64).item<double>()];
        }
    }

    private double[] CheckTorch()
    {
        AnswerTorch(true);
        return _torchSaid;
    }

    private static double[] Normals(int seed, int count)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ => Given.Normal(random))];
    }
}

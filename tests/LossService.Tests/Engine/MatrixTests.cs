using System.Numerics;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using LossService.Engine.Families;
using LossService.Engine.Lanes;
using LossService.Engine.Numerics;
using LossService.Tests.Engine.Harness;
using Xunit;

namespace LossService.Tests.Engine;

/// <summary>The matrix product: right at every size, and the same bits whatever stands around an element.</summary>
[Trait("Set", "Engine")]
public sealed class MatrixTests
{
    // Empty, one, around a tile's rows and columns, around a block of rows.
    private static readonly int[] Counts = [0, 1, 5, 6, 7, 8, 15, 17, 50];

    // Empty, one, around a part of the depth.
    private static readonly int[] Depths = [0, 1, 3, MatrixPanels.DepthMax - 1, MatrixPanels.DepthMax, (2 * MatrixPanels.DepthMax) + 1];

    [Fact]
    public void Product_OfAnySize_IsCloseToTheTripleLoop()
    {
        Run<float, SingleLane>(1e-6);
        Run<double, DoubleLane>(1e-15);

        static void Run<T, V>(double tolerance)
            where T : unmanaged, IFloatingPointIeee754<T>
            where V : struct, IVectorLane<V, T>
        {
            foreach ((int rows, int columns, int depth) in Sizes())
            {
                using var given = new Pair<T>(rows, columns, depth);
                T[] product = Multiply<T, V>(given.Left(false), given.Right(false));
                for (int i = 0; i < rows; i++)
                {
                    for (int j = 0; j < columns; j++)
                    {
                        double sum = 0;
                        double size = 0;
                        for (int k = 0; k < depth; k++)
                        {
                            double one = given.LeftAt(i, k) * given.RightAt(j, k);
                            sum += one;
                            size += Math.Abs(one);
                        }

                        double found = double.CreateChecked(product[(i * columns) + j]);
                        Assert.True(Math.Abs(found - sum) <= tolerance * size, $"({i},{j}) of ({rows},{columns},{depth}): {found} for {sum}");
                    }
                }
            }
        }
    }

    [Fact]
    public void Product_OfAnySizeAndLayout_IsTheChainItPromisesBitForBit()
    {
        Run<float, SingleLane>();
        Run<double, DoubleLane>();

        static void Run<T, V>()
            where T : unmanaged, IFloatingPointIeee754<T>
            where V : struct, IVectorLane<V, T>
        {
            foreach ((int rows, int columns, int depth) in Sizes())
            {
                using var given = new Pair<T>(rows, columns, depth);
                T[] chain = Chain(given);
                for (int layout = 0; layout < 4; layout++)
                {
                    T[] product = Multiply<T, V>(given.Left(layout % 2 == 1), given.Right(layout >= 2));
                    AssertSameBits(chain, product, $"({rows},{columns},{depth}) in layout {layout}");
                }
            }
        }
    }

    [Fact]
    public void Product_ThatAdds_AddsItsPartsInOrder()
    {
        const int Rows = 7;
        const int Columns = 18;
        using var given = new Pair<float>(Rows, Columns, MatrixPanels.DepthMax + 5);
        using var head = new Pair<float>(given, 0, MatrixPanels.DepthMax);
        using var tail = new Pair<float>(given, MatrixPanels.DepthMax, 5);
        using Tensor product = Tensor.Rent(Bench.Pool, new Shape(Rows, Columns), Element.Float32);
        Fill<float, SingleLane>(head.Left(false), head.Right(false), product, 1, adds: false);
        Fill<float, SingleLane>(tail.Left(false), tail.Right(false), product, 1, adds: true);
        AssertSameBits(Multiply<float, SingleLane>(given.Left(false), given.Right(false)), product.Float32.ToArray(), "in two steps");
    }

    [Theory]
    [InlineData(0, 3)]
    [InlineData(1, 1)]
    [InlineData(47, 5)]
    [InlineData(48, 129)]
    [InlineData(101, 20)]
    public void SymmetricProduct_OfAnySize_IsTheGeneralOneBitForBit(int count, int depth)
    {
        Run<float, SingleLane>(count, depth);
        Run<double, DoubleLane>(count, depth);

        static void Run<T, V>(int count, int depth)
            where T : unmanaged, IFloatingPointIeee754<T>
            where V : struct, IVectorLane<V, T>
        {
            using var given = new Pair<T>(count, 0, depth);
            using Tensor product = Tensor.Rent(Bench.Pool, new Shape(count, count), Pair<T>.Element);
            using var driver = ProductDriver<T, V>.Symmetric(new(Bench.Pool), given.Left(false), product);
            driver.RunAll(new(Bench.Pool));
            AssertSameBits(Multiply<T, V>(given.Left(false), given.Left(false)), product.Values<T>().ToArray(), $"{count}");
        }
    }

    [Fact]
    public void Element_AloneOrAmongOthersOnAnyThread_HasTheSameBits()
    {
        const int Rows = 400; // enough blocks for two threads
        const int Columns = 37;
        const int Depth = 150;
        using var given = new Pair<float>(Rows, Columns, Depth);
        float[] whole = Multiply<float, SingleLane>(given.Left(false), given.Right(false));
        AssertSameBits(whole, Multiply<float, SingleLane>(given.Left(false), given.Right(false), threads: 2), "on two threads");
        foreach (int row in new[] { 0, 5, 6, 47, 48, 399 })
        {
            using var alone = new Pair<float>(given, row);
            AssertSameBits(
                whole.AsSpan(row * Columns, Columns).ToArray(), Multiply<float, SingleLane>(alone.Left(false), given.Right(false)), $"row {row}");
        }
    }

    [Fact]
    public void Product_OnAnyMachine_HasTheBitsOfTheDigest()
    {
        using var given = new Pair<float>(61, 35, 300);
        byte[] bytes = MemoryMarshal.AsBytes<float>(Multiply<float, SingleLane>(given.Left(false), given.Right(true))).ToArray();
        Assert.StartsWith("b2331068948a136c996db156884fdaf3", Convert.ToHexStringLower(SHA256.HashData(bytes)), StringComparison.Ordinal);
    }

    private static IEnumerable<(int Rows, int Columns, int Depth)> Sizes() =>
        from rows in Counts from columns in Counts from depth in Depths select (rows, columns, depth);

    private static T[] Chain<T>(Pair<T> given) where T : unmanaged, IFloatingPointIeee754<T>
    {
        var chain = new T[given.Rows * given.Columns];
        for (int place = 0; place < chain.Length; place++)
        {
            (int i, int j) = (place / given.Columns, place % given.Columns);
            for (int start = 0; start < given.Depth; start += MatrixPanels.DepthMax)
            {
                T part = T.Zero;
                for (int k = start; k < Math.Min(given.Depth, start + MatrixPanels.DepthMax); k++)
                {
                    part = T.FusedMultiplyAdd(
                        T.CreateChecked(given.LeftAt(i, k)), T.CreateChecked(given.RightAt(j, k)), part);
                }

                chain[place] = start == 0 ? part : chain[place] + part;
            }
        }

        return chain;
    }

    private static T[] Multiply<T, V>(MatrixSide left, MatrixSide right, int threads = 1)
        where T : unmanaged, IFloatingPointIeee754<T>
        where V : struct, IVectorLane<V, T>
    {
        using Tensor product = Tensor.Rent(Bench.Pool, new Shape(left.Count, right.Count), Pair<T>.Element);
        Fill<T, V>(left, right, product, threads, adds: false);
        return product.Values<T>().ToArray();
    }

    private static void Fill<T, V>(MatrixSide left, MatrixSide right, Tensor product, int threads, bool adds)
        where T : unmanaged, IFloatingPointIeee754<T>
        where V : struct, IVectorLane<V, T>
    {
        using var driver = new ProductDriver<T, V>(new(Bench.Pool), left, right, product, adds);
        driver.RunAll(new(Bench.Pool, threads));
    }

    private static void AssertSameBits<T>(T[] expected, T[] found, string what) where T : unmanaged =>
        Assert.True(MemoryMarshal.AsBytes<T>(expected).SequenceEqual(MemoryMarshal.AsBytes<T>(found)), what);

    /// <summary>Two sides, each written as rows and as columns.</summary>
    private sealed class Pair<T> : IDisposable where T : unmanaged, IFloatingPointIeee754<T>
    {
        private readonly double[] _left;
        private readonly double[] _right;
        private readonly List<Tensor> _tensors = [];

        public Pair(int rows, int columns, int depth)
            : this(rows, columns, depth, Draw(1, rows * depth), Draw(2, columns * depth))
        {
        }

        /// <summary>A part of another pair's depth.</summary>
        public Pair(Pair<T> of, int start, int depth)
            : this(
                of.Rows, of.Columns, depth,
                [.. from i in Enumerable.Range(0, of.Rows) from k in Enumerable.Range(start, depth) select of.LeftAt(i, k)],
                [.. from j in Enumerable.Range(0, of.Columns) from k in Enumerable.Range(start, depth) select of.RightAt(j, k)])
        {
        }

        /// <summary>One row of another pair.</summary>
        public Pair(Pair<T> of, int row)
            : this(1, of.Columns, of.Depth, [.. Enumerable.Range(0, of.Depth).Select(k => of.LeftAt(row, k))], of._right)
        {
        }

        private Pair(int rows, int columns, int depth, double[] left, double[] right)
        {
            (Rows, Columns, Depth, _left, _right) = (rows, columns, depth, left, right);
        }

        public static Element Element => typeof(T) == typeof(float) ? Element.Float32 : Element.Float64;

        public int Rows { get; }

        public int Columns { get; }

        public int Depth { get; }

        public double LeftAt(int i, int k) => _left[(i * Depth) + k];

        public double RightAt(int j, int k) => _right[(j * Depth) + k];

        public MatrixSide Left(bool asColumns) => Side(_left, Rows, asColumns);

        public MatrixSide Right(bool asColumns) => Side(_right, Columns, asColumns);

        public void Dispose() => _tensors.ForEach(tensor => tensor.Dispose());

        private MatrixSide Side(double[] numbers, int count, bool asColumns)
        {
            Tensor tensor = Tensor.Rent(Bench.Pool, new Shape(count, Depth), Element);
            _tensors.Add(tensor);
            for (int place = 0; place < numbers.Length; place++)
            {
                (int i, int k) = (place / Depth, place % Depth);
                tensor.Values<T>()[asColumns ? (k * count) + i : place] = T.CreateChecked(numbers[place]);
            }

            return new(tensor, count, Depth, asColumns);
        }

        // Floats, so that both widths see the same numbers.
        private static double[] Draw(int seed, int count)
        {
            var random = new Random(seed);
            return [.. Enumerable.Range(0, count).Select(_ => (double)(float)((2 * random.NextDouble()) - 1))];
        }
    }
}

using System.Numerics.Tensors;

namespace LossService.Benchmarks.Kernels;

/// <summary>Computes a loss and the gradients of its leaves.</summary>
/// <param name="inputs">The inputs in their order.</param>
/// <param name="gradients">Room for the gradient of each leaf.</param>
/// <returns>The mean loss.</returns>
internal delegate double Composition(IReadOnlyList<Given> inputs, float[][] gradients);

/// <summary>The losses as one composes them of .NET's array operations, in blocks that stay in the first cache.</summary>
internal static class Composed
{
    private const int Block = 4096;

    [ThreadStatic]
    private static float[][]? _scratch;

    public static double CrossEntropy(IReadOnlyList<Given> inputs, float[][] gradients)
    {
        int classes = inputs[0].Shape[1];
        int rows = inputs[0].Shape[0];
        double sum = 0;
        for (int row = 0; row < rows; row++)
        {
            ReadOnlySpan<float> x = inputs[0].Floats.AsSpan(row * classes, classes);
            Span<float> g = gradients[0].AsSpan(row * classes, classes);
            int label = inputs[1].Labels![row];
            float max = TensorPrimitives.Max(x);
            TensorPrimitives.Subtract(x, max, g);
            TensorPrimitives.Exp(g, g);
            float total = TensorPrimitives.Sum<float>(g);
            TensorPrimitives.Multiply(g, 1 / (total * rows), g);
            g[label] -= 1f / rows;
            sum += Math.Log(total) + max - x[label];
        }

        return sum / rows;
    }

    public static double Segmentation(IReadOnlyList<Given> inputs, float[][] gradients)
    {
        int classes = inputs[0].Shape[1];
        int pixels = inputs[1].Shape[1] * inputs[1].Shape[2];
        int[] labels = inputs[1].Labels!;
        double sum = 0;
        for (int start = 0, count; start < labels.Length; start += count)
        {
            // A block stays within its image.
            int image = start / pixels;
            int first = start % pixels;
            count = Math.Min(Block, pixels - first);
            int At(int c) => (((image * classes) + c) * pixels) + first;
            Span<float> max = Scratch(0, count);
            Span<float> total = Scratch(1, count);
            inputs[0].Floats.AsSpan(At(0), count).CopyTo(max);
            for (int c = 1; c < classes; c++)
            {
                TensorPrimitives.Max(max, inputs[0].Floats.AsSpan(At(c), count), max);
            }

            total.Clear();
            for (int c = 0; c < classes; c++)
            {
                Span<float> g = gradients[0].AsSpan(At(c), count);
                TensorPrimitives.Subtract(inputs[0].Floats.AsSpan(At(c), count), max, g);
                TensorPrimitives.Exp(g, g);
                TensorPrimitives.Add(total, g, total);
            }

            TensorPrimitives.Multiply(total, labels.Length, total);
            for (int c = 0; c < classes; c++)
            {
                Span<float> g = gradients[0].AsSpan(At(c), count);
                TensorPrimitives.Divide(g, total, g);
            }

            for (int i = 0; i < count; i++)
            {
                int own = At(labels[start + i]) + i;
                gradients[0][own] -= 1f / labels.Length;
                sum += Math.Log(total[i] / labels.Length) + max[i] - inputs[0].Floats![own];
            }
        }

        return sum / labels.Length;
    }

    public static double BceWithLogits(IReadOnlyList<Given> inputs, float[][] gradients)
    {
        int n = inputs[0].Floats!.Length;
        double sum = 0;
        for (int start = 0; start < n; start += Block)
        {
            int count = Math.Min(Block, n - start);
            ReadOnlySpan<float> x = inputs[0].Floats.AsSpan(start, count);
            ReadOnlySpan<float> y = inputs[1].Floats.AsSpan(start, count);
            Span<float> g = gradients[0].AsSpan(start, count);
            Span<float> loss = Scratch(0, count);
            Entropy(x, y, loss, Scratch(1, count));
            sum += TensorPrimitives.Sum<float>(loss);
            TensorPrimitives.Sigmoid(x, g);
            TensorPrimitives.Subtract(g, y, g);
            TensorPrimitives.Multiply(g, 1f / n, g);
        }

        return sum / n;
    }

    public static double SigmoidFocal(IReadOnlyList<Given> inputs, float[][] gradients)
    {
        const float Alpha = 0.25f;
        int n = inputs[0].Floats!.Length;
        double sum = 0;
        for (int start = 0; start < n; start += Block)
        {
            int count = Math.Min(Block, n - start);
            ReadOnlySpan<float> x = inputs[0].Floats.AsSpan(start, count);
            ReadOnlySpan<float> y = inputs[1].Floats.AsSpan(start, count);
            Span<float> g = gradients[0].AsSpan(start, count);
            Span<float> entropy = Scratch(0, count);
            Span<float> p = Scratch(1, count);
            Span<float> miss = Scratch(2, count);
            Span<float> weight = Scratch(3, count);
            Span<float> t = Scratch(4, count);
            Entropy(x, y, entropy, p);
            TensorPrimitives.Sigmoid(x, p);

            // miss = 1 - p_t = y + p - 2 p y
            TensorPrimitives.Multiply(p, y, miss);
            TensorPrimitives.Multiply(miss, -2, miss);
            TensorPrimitives.Add(miss, p, miss);
            TensorPrimitives.Add(miss, y, miss);
            TensorPrimitives.Multiply(y, (2 * Alpha) - 1, weight);
            TensorPrimitives.Add(weight, 1 - Alpha, weight);

            TensorPrimitives.Multiply(miss, weight, weight);
            TensorPrimitives.Multiply(miss, weight, weight);
            sum += TensorPrimitives.Dot<float>(weight, entropy);

            // For hard labels d miss / dx = (1 - 2y) miss (1 - miss) and d entropy / dx = (1 - 2y) miss, so
            // d loss / dx = w miss^2 (1 - 2y) (2 entropy (1 - miss) + miss).
            TensorPrimitives.Subtract(1, miss, t);
            TensorPrimitives.Multiply(t, entropy, t);
            TensorPrimitives.Multiply(t, 2, t);
            TensorPrimitives.Add(t, miss, t);
            TensorPrimitives.Multiply(t, weight, g);
            TensorPrimitives.Multiply(y, -2f / n, t);
            TensorPrimitives.Add(t, 1f / n, t);
            TensorPrimitives.Multiply(g, t, g);
        }

        return sum / n;
    }

    public static double SmoothL1(IReadOnlyList<Given> inputs, float[][] gradients)
    {
        int n = inputs[0].Floats!.Length;
        double sum = 0;
        for (int start = 0; start < n; start += Block)
        {
            int count = Math.Min(Block, n - start);
            Span<float> g = gradients[0].AsSpan(start, count);
            Span<float> size = Scratch(0, count);
            Span<float> near = Scratch(1, count);
            TensorPrimitives.Subtract(inputs[0].Floats.AsSpan(start, count), inputs[1].Floats.AsSpan(start, count), g);
            TensorPrimitives.Abs(g, size);

            // With m = min(|e|, 1) both branches are m (|e| - m / 2).
            TensorPrimitives.Min(size, 1, near);
            sum += TensorPrimitives.Dot<float>(near, size) - (0.5 * TensorPrimitives.SumOfSquares<float>(near));
            TensorPrimitives.Clamp(g, -1, 1, g);
            TensorPrimitives.Multiply(g, 1f / n, g);
        }

        return sum / n;
    }

    public static double Distillation(IReadOnlyList<Given> inputs, float[][] gradients)
    {
        const float Temperature = 4;
        (int rows, int classes) = (inputs[0].Shape[0], inputs[0].Shape[1]);
        double sum = 0;
        for (int row = 0; row < rows; row++)
        {
            Span<float> g = gradients[0].AsSpan(row * classes, classes);
            Span<float> q = Scratch(0, classes);
            Span<float> p = Scratch(1, classes);
            LogSoftmax(inputs[0].Floats.AsSpan(row * classes, classes), Temperature, q, g);
            LogSoftmax(inputs[1].Floats.AsSpan(row * classes, classes), Temperature, p, g);
            TensorPrimitives.Exp<float>(p, g);
            sum += TensorPrimitives.Dot<float>(g, p) - TensorPrimitives.Dot<float>(g, q);
            TensorPrimitives.Exp<float>(q, q);
            TensorPrimitives.Subtract(q, g, g);
            TensorPrimitives.Multiply(g, Temperature / rows, g);
        }

        return Temperature * Temperature * sum / rows;
    }

    public static double TripletMargin(IReadOnlyList<Given> inputs, float[][] gradients)
    {
        (int rows, int width) = (inputs[0].Shape[0], inputs[0].Shape[1]);
        double sum = 0;
        for (int row = 0; row < rows; row++)
        {
            int start = row * width;
            Span<float> toPositive = gradients[1].AsSpan(start, width);
            Span<float> toNegative = gradients[2].AsSpan(start, width);
            Span<float> atAnchor = gradients[0].AsSpan(start, width);
            ReadOnlySpan<float> anchor = inputs[0].Floats.AsSpan(start, width);
            float near = Difference(anchor, inputs[1].Floats.AsSpan(start, width), toPositive);
            float far = Difference(anchor, inputs[2].Floats.AsSpan(start, width), toNegative);
            float loss = Math.Max(0, near - far + 1);
            sum += loss;
            float slope = loss > 0 ? 1f / rows : 0;
            TensorPrimitives.Multiply(toPositive, -slope / near, toPositive);
            TensorPrimitives.Multiply(toNegative, slope / far, toNegative);
            TensorPrimitives.Add<float>(toPositive, toNegative, atAnchor);
            TensorPrimitives.Negate<float>(atAnchor, atAnchor);
        }

        return sum / rows;
    }

    private static float Difference(ReadOnlySpan<float> left, ReadOnlySpan<float> right, Span<float> difference)
    {
        TensorPrimitives.Subtract(left, right, difference);
        TensorPrimitives.Add(difference, 1e-6f, difference);
        return TensorPrimitives.Norm<float>(difference);
    }

    // max(x, 0) - x y + log1p(exp(-|x|))
    private static void Entropy(ReadOnlySpan<float> x, ReadOnlySpan<float> y, Span<float> loss, Span<float> scratch)
    {
        TensorPrimitives.Abs(x, loss);
        TensorPrimitives.Negate<float>(loss, loss);
        TensorPrimitives.Exp<float>(loss, loss);
        TensorPrimitives.LogP1<float>(loss, loss);
        TensorPrimitives.Max(x, 0, scratch);
        TensorPrimitives.Add<float>(loss, scratch, loss);
        TensorPrimitives.Multiply(x, y, scratch);
        TensorPrimitives.Subtract<float>(loss, scratch, loss);
    }

    private static void LogSoftmax(ReadOnlySpan<float> x, float temperature, Span<float> to, Span<float> scratch)
    {
        TensorPrimitives.Divide(x, temperature, to);
        TensorPrimitives.Subtract(to, TensorPrimitives.Max<float>(to), to);
        TensorPrimitives.Exp<float>(to, scratch);
        TensorPrimitives.Subtract(to, MathF.Log(TensorPrimitives.Sum<float>(scratch)), to);
    }

    private static Span<float> Scratch(int slot, int count)
    {
        _scratch ??= new float[5][];
        if (_scratch[slot] is null || _scratch[slot].Length < count)
        {
            _scratch[slot] = new float[Math.Max(count, Block)];
        }

        return _scratch[slot].AsSpan(0, count);
    }
}

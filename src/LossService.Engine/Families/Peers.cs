using LossService.Engine.Numerics;

namespace LossService.Engine.Families;

/// <summary>What a loss needs whose pairs look around both of their ends: a number for each sample's surroundings, and
/// the slopes on the distances of all pairs, while distances stay as they are.</summary>
internal sealed class Peers : IDisposable
{
    private readonly Tensor _all; // numbers, and behind them a row of slopes a sample
    private readonly int _count;

    public Peers(int samples, TensorPool pool)
    {
        _count = samples;
        _all = Tensor.Rent(pool, new Shape((samples + 1) * samples), Element.Float64);
        _all.Float64.Clear();
    }

    /// <summary>A number for what surrounds each sample.</summary>
    public Span<double> Surroundings => _all.Float64[.._count];

    /// <summary>The slopes on the distances from a sample.</summary>
    public Span<double> Slopes(int sample) => _all.Float64.Slice((sample + 1) * _count, _count);

    /// <summary>The slope on what surrounds a sample, from all pairs that it stands in, in the order of the
    /// batch.</summary>
    public double SlopeOn<TLoss>(int sample, TLoss loss) where TLoss : struct, IMinedLoss<TLoss>
    {
        double sum = 0;
        ReadOnlySpan<double> own = Slopes(sample);
        for (int other = 0; other < _count; other++)
        {
            double slope = own[other] + Slopes(other)[sample];
            sum += slope == 0 ? 0 : slope * loss.ShareOf(Surroundings[sample], Surroundings[other]);
        }

        return sum;
    }

    public void Dispose() => _all.Dispose();
}

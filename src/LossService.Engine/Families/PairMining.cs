using System.Numerics;
using LossService.Engine.Numerics;

namespace LossService.Engine.Families;

/// <summary>Asks a miner for the pairs of every anchor, for losses that see whole rows: what it leaves is a relation
/// like any other.</summary>
internal sealed class PairMining<T> : Driver where T : unmanaged, IFloatingPointIeee754<T>
{
    private readonly AnchorMiner<T> _miner;
    private readonly KeptItems _plan;
    private readonly PairTable _chosen;
    private readonly int _rowsPerBlock;

    private PairMining(AnchorMiner<T> miner, KeptItems plan, PairTable chosen)
    {
        _miner = miner;
        _plan = plan;
        _chosen = chosen;
        _rowsPerBlock = Math.Max(1, BlockItems / Math.Max(1, plan.Items));
    }

    public override int Blocks => (_plan.Items + _rowsPerBlock - 1) / _rowsPerBlock;

    /// <summary>The pairs that the miner of a request leaves; null where it leaves all. It measures by the metric
    /// unless the loss has measured already.</summary>
    public static Relation? Choose(
        Mining mining, BatchMetric metric, DistanceTable<T>? measured, Relation relation, LossRequest request,
        KeptItems plan, Workshop workshop)
    {
        if (mining.Miner == Miner.All)
        {
            return null;
        }

        using DistanceTable<T>? own = measured is null ? new(request, plan, metric, workshop) : null;
        own?.Measure(workshop);
        using var miner = new AnchorMiner<T>(mining, relation, measured ?? own!, request, plan, workshop);
        var chosen = new PairTable(plan.Items, workshop.Pool);
        try
        {
            new PairMining<T>(miner, plan, chosen).RunAll(workshop);
            return new(plan, chosen);
        }
        catch
        {
            chosen.Dispose();
            throw;
        }
    }

    public override void Run(int block, Scratch scratch)
    {
        int start = block * _rowsPerBlock;
        int end = Math.Min(start + _rowsPerBlock, _plan.Items);
        for (int anchor = start; anchor < end; anchor++)
        {
            if (!_plan.IsLeftOut(anchor))
            {
                MinedRow row = _miner.Mine(anchor, scratch);
                _chosen.Add(PairKind.Positive, anchor, row.Positives.Places);
                _chosen.Add(PairKind.Negative, anchor, row.Negatives.Places);
            }
        }
    }
}

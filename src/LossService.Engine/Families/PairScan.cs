using System.Numerics;
using LossService.Engine.Numerics;

namespace LossService.Engine.Families;

/// <summary>Looks at the samples of one kind around an anchor.</summary>
internal delegate void PairLook(int anchor, in AnchorSide side);

/// <summary>Goes through all pairs of a batch in its order, for miners that know how an anchor's pairs compare only
/// when they have seen all others.</summary>
internal sealed class PairScan<T>(Relation relation, DistanceTable<T> table, KeptItems plan, Workshop workshop)
    where T : unmanaged, IFloatingPointIeee754<T>
{
    /// <summary>Shows the pairs of a kind, anchor by anchor; the same each time.</summary>
    public void Run(PairKind kind, PairLook look)
    {
        int most = relation.Most;
        using var scratch = new Scratch(workshop.Pool);
        Span<int> places = scratch.Take<int>(0, 2 * most);
        Span<double> numbers = scratch.Take<double>(1, 2 * most);
        for (int anchor = 0; anchor < plan.Items; anchor++)
        {
            workshop.Poll();
            if (!plan.IsLeftOut(anchor))
            {
                (int alike, int unlike) = relation.Gather(anchor, places[..most], places.Slice(most, most));
                Span<int> others = kind == PairKind.Positive ? places[..alike] : places.Slice(most, unlike);
                look(anchor, table.Side(anchor, others, numbers));
            }
        }
    }
}

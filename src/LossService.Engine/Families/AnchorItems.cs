using System.Numerics;
using LossService.Engine.Lanes;
using LossService.Engine.Numerics;

namespace LossService.Engine.Families;

/// <summary>The items of a loss within a batch, one an anchor, in doubles until all anchors have answered.</summary>
internal static class AnchorItems
{
    /// <summary>The items, as zeros, and behind them the sums of their blocks.</summary>
    public static Tensor Rent(int items, TensorPool pool)
    {
        int blocks = (items + Driver.BlockItems - 1) / Driver.BlockItems;
        Tensor tensor = Tensor.RentVector(pool, (long)items + blocks, Element.Float64);
        tensor.Float64.Clear();
        return tensor;
    }

    /// <summary>Weighs the items, writes those that are wanted, and reduces.</summary>
    public static void Finish<TAnswer, T>(LossResult result, ItemPlan<T> plan, Tensor tensor)
        where TAnswer : unmanaged, IFloatingPointIeee754<TAnswer>
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        Span<double> items = tensor.Float64[..plan.Items];
        Span<double> sums = tensor.Float64[plan.Items..];
        for (int i = 0; i < items.Length; i++)
        {
            items[i] = plan.IsLeftOut(i) ? 0 : items[i] * plan.WeightOf(i);
            if (result.Losses is { } answer)
            {
                answer.Values<TAnswer>()[i] = TAnswer.CreateTruncating(items[i]);
            }
        }

        for (int block = 0; block < sums.Length; block++)
        {
            int start = block * Driver.BlockItems;
            sums[block] = Sums.OfBlock<double>(
                items.Slice(start, Math.Min(Driver.BlockItems, items.Length - start)));
        }

        plan.Finish(result, sums);
    }
}

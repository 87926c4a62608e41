using LossService.Engine.Cards;
using LossService.Engine.Numerics;

namespace LossService.Engine.Families;

/// <summary>Where each list of a request starts, and which of them make a block: one long list, or as many short ones
/// as fit.</summary>
internal sealed class ListLayout : IDisposable
{
    private readonly Tensor _numbers; // where the lists start, then the first list of each block

    public ListLayout(LossRequest request, TensorPool pool)
    {
        Solution solution = request.Solution!;
        Lists = solution.Items.Elements;
        _numbers = Tensor.Rent(pool, new Shape(2, Lists + 1), Element.Label);
        if (solution.Lists is { } cut)
        {
            cut.FillStarts(Starts);
        }
        else
        {
            int length = solution.Length("L");
            for (int list = 0; list <= Lists; list++)
            {
                Starts[list] = list * length;
            }
        }

        Blocks = Cut();
    }

    /// <summary>How many pairs the elements of every list make, each with itself too.</summary>
    public static double PairsOf(Solution solution)
    {
        if (solution.Lists is { } cut)
        {
            return cut.SumOfSquares();
        }

        double length = solution.Length("L");
        return solution.Items.Elements * length * length;
    }

    /// <summary>How many lists there are.</summary>
    public int Lists { get; }

    /// <summary>How many blocks they make.</summary>
    public int Blocks { get; }

    /// <summary>The first list of a block; asked for one block more, the end of the last.</summary>
    public int FirstOf(int block) => Firsts[block];

    /// <summary>Where a list starts on the flat axis.</summary>
    public int Start(int list) => Starts[list];

    /// <summary>How many elements a list has.</summary>
    public int Length(int list) => Starts[list + 1] - Starts[list];

    public void Dispose() => _numbers.Dispose();

    private Span<int> Starts => _numbers.Label[..(Lists + 1)];

    private Span<int> Firsts => _numbers.Label[(Lists + 1)..];

    private int Cut()
    {
        int blocks = 0;
        int first = 0;
        for (int list = 0; list < Lists; list++)
        {
            bool isFull = Start(list + 1) - Start(first) > Driver.BlockItems || list - first >= Driver.BlockItems;
            if (list > first && isFull)
            {
                Firsts[blocks++] = first;
                first = list;
            }
        }

        if (Lists > 0)
        {
            Firsts[blocks++] = first;
        }

        Firsts[blocks] = Lists;
        return blocks;
    }
}

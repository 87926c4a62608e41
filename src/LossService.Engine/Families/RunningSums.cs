namespace LossService.Engine.Families;

/// <summary>Sums of the first of some numbers, each with what rounding took, so that their differences keep their
/// digits.</summary>
internal readonly ref struct RunningSums
{
    private readonly Span<double> _sums;
    private readonly Span<double> _rests;

    public RunningSums(ReadOnlySpan<double> numbers, Span<double> room)
    {
        _sums = room[..(numbers.Length + 1)];
        _rests = room.Slice(numbers.Length + 1, numbers.Length + 1);
        (_sums[0], _rests[0]) = (0, 0);
        for (int i = 0; i < numbers.Length; i++)
        {
            double sum = _sums[i] + numbers[i];
            double added = sum - _sums[i];
            double lost = _sums[i] - (sum - added) + (numbers[i] - added);
            (_sums[i + 1], _rests[i + 1]) = (sum, _rests[i] + lost);
        }
    }

    /// <summary>Σ (level - number) over the numbers from one place to another.</summary>
    public double Lack(double level, int from, int to)
    {
        double whole = (to - from) * level;
        double rounded = Math.FusedMultiplyAdd(to - from, level, -whole);
        return to == from ? 0
            : double.IsInfinity(whole) ? whole - (_sums[to] - _sums[from])
            : whole - (_sums[to] - _sums[from]) + (rounded - (_rests[to] - _rests[from]));
    }
}

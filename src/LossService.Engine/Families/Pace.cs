namespace LossService.Engine.Families;

/// <summary>Polls within a block for about every block's worth of work, where one item may be far more than
/// that.</summary>
/// <param name="workshop">Is polled.</param>
internal struct Pace(Workshop workshop)
{
    private long _done;

    /// <summary>Counts work that was done, in elements or pairs.</summary>
    public void Count(long work)
    {
        _done += work;
        if (_done > Driver.BlockItems)
        {
            workshop.Poll();
            _done = 0;
        }
    }
}

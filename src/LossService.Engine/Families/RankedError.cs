namespace LossService.Engine.Families;

/// <summary>A place and its error. Larger errors come first, and of equal ones the first place, as in a stable
/// sort.</summary>
/// <param name="Error">The error; NaN comes last.</param>
/// <param name="Place">The place in its region.</param>
/// <param name="IsTrue">1 where the truth has the class, else 0.</param>
internal readonly record struct RankedError(double Error, int Place, int IsTrue) : IComparable<RankedError>
{
    public int CompareTo(RankedError other)
    {
        int order = other.Error.CompareTo(Error);
        return order != 0 ? order : Place.CompareTo(other.Place);
    }
}

using LossService.Engine.Lanes;

namespace LossService.Engine.Families;

/// <summary>A second derivative along two directions: what it is for a step of x along the one and y along the
/// other.</summary>
internal readonly record struct QuadraticForm(double XX, double XY, double YY)
{
    public static QuadraticForm operator *(double factor, QuadraticForm form) =>
        new(factor * form.XX, factor * form.XY, factor * form.YY);

    public DoubleLane At(DoubleLane x, DoubleLane y) => (((XX * x) + (2 * XY * y)) * x) + (YY * y * y);
}

/// <summary>How the sums of a region's class move.</summary>
internal readonly record struct RegionStep(
    double Both, double PredictedOnly, double TrueOnly, double Neither, double Truth = 0);

/// <summary>How the loss of a region bends with what a place adds to one class, other classes' sums as they
/// are.</summary>
/// <param name="ByPrediction">As p moves: x is how fast it moves what is true, y what is not. Where a softmax moves all
/// classes at once, without what they share.</param>
/// <param name="ByTruth">As t moves: x is how fast it moves what is predicted, y what is not.</param>
/// <param name="TruthX">The mixed derivative by x of t and the size of the class, Σ t.</param>
/// <param name="TruthY">The same by y.</param>
/// <param name="TruthTruth">The second derivative by the size.</param>
/// <param name="Rates">How what the classes share moves with p.</param>
internal readonly record struct ClassCurves(
    QuadraticForm ByPrediction, QuadraticForm ByTruth, double TruthX, double TruthY, double TruthTruth,
    SharedRates Rates)
{
    /// <summary>How many doubles it is.</summary>
    public const int Length = 12;

    /// <summary>The second derivative by t.</summary>
    public DoubleLane AtTruth(DoubleLane x, DoubleLane y) =>
        ByTruth.At(x, y) + (2 * TruthX * x) + (2 * TruthY * y) + TruthTruth;
}

/// <summary>How fast p moves the two numbers that all classes of a region share: their mean, or the two rates of their
/// joined sums.</summary>
/// <param name="FirstX">The first number, by x.</param>
/// <param name="FirstY">The first number, by y.</param>
/// <param name="SecondY">The second number, by y; x leaves it as it is.</param>
internal readonly record struct SharedRates(double FirstX, double FirstY, double SecondY);

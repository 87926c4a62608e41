namespace LossService.Engine.Cards;

/// <summary>What stands in for the exact diagonal: a bound of the whole matrix, or what a library of boosted trees
/// takes. A multiple of the diagonal, plus a share of the gradient; or the gradient's magnitude.</summary>
/// <param name="Word">One of the words of <see cref="Common.Hessian"/>.</param>
/// <param name="Factor">What the exact diagonal is multiplied by.</param>
/// <param name="ByClasses">True where the factor holds for many classes, and K of them have K / (K - 1) times as
/// much.</param>
/// <param name="GradientShare">How much of the gradient of the predictions is added; no upstream gradient may be in
/// it.</param>
/// <param name="IsMagnitude">True for the magnitude of the gradient instead of all that.</param>
public sealed record HessianForm(
    string Word, double Factor = 1, bool ByClasses = false, double GradientShare = 0, bool IsMagnitude = false)
{
    /// <summary>The word of a form that every loss may have under the same name: |∂L/∂x|.</summary>
    public const string Magnitude = "abs_gradient";

    /// <summary>The magnitude of the gradient.</summary>
    public static HessianForm OfMagnitude { get; } = new(Magnitude, IsMagnitude: true);

    /// <summary>True where the form is made of the gradient, which then has to be that of the loss itself.</summary>
    public bool HasGradient => IsMagnitude || GradientShare != 0;

    /// <summary>The form that a request asks for; null for the exact diagonal, or none.</summary>
    public static HessianForm? Of(LossRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        double value = request[Common.Hessian];
        if (!(value > 0))
        {
            return null;
        }

        IReadOnlyList<HessianForm> forms = request.Card.HessianForms;
        for (int i = 0; i < forms.Count; i++) // by place: an enumerator would be on the heap
        {
            if (Common.Hessian.ValueOf(forms[i].Word) == value)
            {
                return forms[i];
            }
        }

        return null;
    }

    /// <summary>The factor of this request's Hessians: 1 for the exact diagonal.</summary>
    public static double FactorOf(LossRequest request)
    {
        if (Of(request) is not { } form)
        {
            return 1;
        }

        int classes = form.ByClasses ? request.Solution!.Length("C") : 1;
        return classes < 2 ? form.Factor : form.Factor * classes / (classes - 1);
    }
}

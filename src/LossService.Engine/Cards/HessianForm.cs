namespace LossService.Engine.Cards;

/// <summary>A multiple of the exact diagonal that stands in for it: a bound of the whole matrix, or what a library of
/// boosted trees takes.</summary>
/// <param name="Word">One of the words of <see cref="Common.Hessian"/>.</param>
/// <param name="Factor">What the exact diagonal is multiplied by.</param>
/// <param name="ByClasses">True where the factor holds for many classes, and K of them have K / (K - 1) times as
/// much.</param>
public sealed record HessianForm(string Word, double Factor = 1, bool ByClasses = false)
{
    /// <summary>The factor of this request's Hessians: 1 for the exact diagonal.</summary>
    public static double FactorOf(LossRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        string word = Common.Hessian.Words[(int)request[Common.Hessian]];
        foreach (HessianForm form in request.Card.HessianForms)
        {
            if (form.Word == word)
            {
                int classes = form.ByClasses ? request.Solution!.Length("C") : 1;
                return classes < 2 ? form.Factor : form.Factor * classes / (classes - 1);
            }
        }

        return 1;
    }
}

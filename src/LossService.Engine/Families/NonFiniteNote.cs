using LossService.Engine.Cards;
using LossService.Engine.Lanes;
using LossService.Engine.Numerics;

namespace LossService.Engine.Families;

/// <summary>Tells why a loss is NaN or infinite, as far as its request shows. Gradients are not looked at: that would
/// be a pass over all of them for every request.</summary>
internal static class NonFiniteNote
{
    /// <summary>Adds the note to an answer whose loss, or one of whose items where nothing is reduced, is not
    /// finite.</summary>
    public static void Add(LossResult result)
    {
        bool isFinite = result.Loss is { } loss ? double.IsFinite(loss)
            : result.Losses is null || IsFinite(result.Losses);
        if (isFinite)
        {
            return;
        }

        if (result.Normalizer is { Value: 0 })
        {
            result.Notes.Add(new("empty", "A mean over nothing was taken as NaN; see the member empty."));
            return;
        }

        LossRequest request = result.Request;
        string what = result.Loss is null ? "Not every item is finite" : "The loss is not finite";
        string dtype = ParameterText.Format(Common.Dtype, request[Common.Dtype]);
        result.Notes.Add(new("non_finite", NotFinite(request) is { } name
            ? $"{what}: {name} holds NaN or an infinity."
            : $"{what}, although its inputs are: the formula has no finite value there, or a number or a parameter is too extreme for {dtype}."));
    }

    // The first input with a NaN or an infinity; null where there is none.
    private static string? NotFinite(LossRequest request)
    {
        for (int place = 0; place < request.Card.InputArray.Length; place++)
        {
            if (request.Tensor(place) is { Element: not Element.Flag } tensor && !IsFinite(tensor))
            {
                return request.Card.InputArray[place].Name;
            }
        }

        return null;
    }

    private static bool IsFinite(Tensor tensor) => tensor.Element == Element.Float64
        ? Scan.AreWithin(tensor.Float64, double.MinValue, double.MaxValue)
        : Scan.AreWithin(tensor.Float32, float.MinValue, float.MaxValue);
}

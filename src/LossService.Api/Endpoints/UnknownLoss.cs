using LossService.Engine;
using LossService.Wire;

namespace LossService.Api.Endpoints;

/// <summary>The problem of a name that the catalogue does not have, with those that may have been meant.</summary>
internal static class UnknownLoss
{
    public static IResult Answer(string name, IReadOnlyList<Loss> losses)
    {
        // An alias that is close stands for its loss.
        var canonical = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (Loss loss in losses)
        {
            canonical[loss.Card.Name] = loss.Card.Name;
            foreach (string alias in loss.Card.Aliases)
            {
                canonical.TryAdd(alias, loss.Card.Name);
            }
        }

        // Other libraries name a loss by where it stands: torch.nn.MSELoss, F.mse_loss.
        string own = name[(name.LastIndexOf('.') + 1)..];
        string[] near = [.. Spelling.Near(canonical.Keys, own).Select(word => canonical[word]).Distinct()];
        string detail = near.Length == 0
            ? "the catalogue at /v1/losses has no loss of this name"
            : $"no loss has this name; did you mean {ParameterRange.Listed(near)}?";
        return new ProblemAnswer(Problem.Of(Codes.UnknownLoss, detail) with
        {
            Suggestions = near,
        });
    }
}

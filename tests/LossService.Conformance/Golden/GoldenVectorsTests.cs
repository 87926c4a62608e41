using LossService.Conformance.Agreement;
using LossService.Conformance.Native;
using LossService.Conformance.Oracles.Harness;
using LossService.Engine;
using LossService.Engine.Cards;
using Xunit;

namespace LossService.Conformance.Golden;

/// <summary>The golden vectors are what libtorch says. LossService.Tests holds the engine against them everywhere.</summary>
public class GoldenVectorsTests
{
    private const string UpdateVariable = "LOSSSERVICE_UPDATE_GOLDEN";
    private const double Tolerance = 1e-12; // what another processor's libtorch may differ by
    private const int FileBytesMax = 64 * 1024; // more is not read by anybody; thirteen miners and their words take that much

    private readonly EngineSide _engine = new();

    public static TheoryData<string> Losses { get; } = [.. Catalogue.All.Select(loss => loss.Card.Name)];

    /// <summary>Run once with LOSSSERVICE_UPDATE_GOLDEN=1 to write the files.</summary>
    [SkippableTheory]
    [MemberData(nameof(Losses))]
    public void Vectors_AskedAgain_AreWhatTorchSays(string loss)
    {
        Libtorch.Require();
        if (Environment.GetEnvironmentVariable(UpdateVariable) == "1")
        {
            LossCard card = Catalogue.All.Single(l => l.Card.Name == loss).Card;
            Directory.CreateDirectory(Path.Combine(Root, GoldenVector.Folder));
            File.WriteAllText(GoldenVector.PathOf(Root, loss), GoldenText.Of(card, Draw(card)));
        }

        string path = GoldenVector.PathOf(Root, loss);
        Assert.True(File.Exists(path), $"{path} is missing; run with {UpdateVariable}=1.");
        Assert.InRange(new FileInfo(path).Length, 1, FileBytesMax);
        foreach (GoldenVector vector in GoldenVector.Read(Root, loss))
        {
            string[] differences = [.. Difference.Of(vector.Answer, AskTorch(vector.Request), Tolerance)];
            Assert.True(
                differences.Length == 0,
                $"{vector.Name}: {string.Join("; ", differences)}; run with {UpdateVariable}=1 and read the diff.");
        }
    }

    private static string Root { get; } = FindRoot();

    private IEnumerable<GoldenVector> Draw(LossCard card)
    {
        var kept = new HashSet<string>();
        foreach ((string name, OracleRequest request) in new GoldenRequests(card).All())
        {
            if (kept.Contains(name))
            {
                continue;
            }

            if (AskTorchIfPossible(request) is { } answer && IsWitness(card, name, answer))
            {
                kept.Add(name);
                answer = IsEdge(name) ? WithoutTargets(card, answer) : answer;
                yield return new(name, request with { Gradients = [.. answer.Gradients.Keys] }, answer);
            }
        }
    }

    private OracleAnswer? AskTorchIfPossible(OracleRequest request)
    {
        try
        {
            return AskTorch(request);
        }
        catch (NotSupportedException)
        {
            return null; // the oracle cannot follow torch there, and says so
        }
    }

    private OracleAnswer AskTorch(OracleRequest request) => Oracle.Answer(_engine.Answer(request).Settled);

    private static bool IsEdge(string name) =>
        name.StartsWith("grid", StringComparison.Ordinal)
        || name is "zeros" or "bounds" or "all equal" or "one Infinity" or "one -Infinity";

    /// <summary>Where libtorch finds no number it is no witness; what the limit is stands in other tests. Nor is it one
    /// where a row cancels to nothing but rounding, as p - p does and as parallel vectors do: on a grid nothing else is
    /// that small, and of samples that meet not even far out.</summary>
    private static bool IsWitness(LossCard card, string name, OracleAnswer answer)
    {
        double[] numbers = [.. answer.Gradients.Values.Concat(answer.Hessians.Values)
            .Append(answer.Losses)
            .SelectMany(array => array.Values)
            .Append(answer.Loss ?? 0)];
        bool mayCancel = IsEdge(name) || (card.SamplesMeet && name == "saturated");
        bool cancels = mayCancel && numbers.Any(number => number != 0 && Math.Abs(number) < 1e-11);
        return name.StartsWith("empty", StringComparison.Ordinal) || !(cancels || numbers.Any(double.IsNaN));
    }

    /// <summary>At an edge the slope of a target of 0 is the cost that it multiplies, and may be infinite: -log q for q = 0.
    /// Torch has the convention that there is none.</summary>
    private static OracleAnswer WithoutTargets(LossCard card, OracleAnswer answer) => answer with
    {
        Gradients = answer.Gradients
            .Where(gradient => card.InputAt(card.PlaceOfInput(gradient.Key)).Gradient == GradientRule.Default)
            .ToDictionary(gradient => gradient.Key, gradient => gradient.Value),
    };

    private static string FindRoot()
    {
        DirectoryInfo? folder = new(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "LossService.sln")))
        {
            folder = folder.Parent;
        }

        return folder?.FullName ?? throw new InvalidOperationException("The tests run outside their source tree.");
    }
}

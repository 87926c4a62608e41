using LossService.Conformance.Native;
using LossService.Conformance.Oracles.Harness;
using LossService.Engine;
using LossService.Engine.Cards;
using Xunit;
using Xunit.Abstractions;

namespace LossService.Conformance.Agreement;

/// <summary>Every loss of the catalogue against libtorch's autograd, live, on requests drawn from its card.</summary>
public class AgreementTests(ITestOutputHelper output)
{
    private const int Requests = 150;
    private const double SamplingError = 0.01; // ulp, of a mean over 4,099 errors that spread by half an ulp

    // What a far element owes to a soft permutation is what is left of the slopes of all that are near; and where the
    // signs of l1 agree, slopes over a small temperature leave nothing.
    private static readonly string[] Cancelling =
        ["neural_ndcg_loss", "nt_xent_loss", "supcon_loss", "info_nce_loss", "clip_loss"];

    private readonly EngineSide _engine = new();

    public static TheoryData<string> Losses { get; } = [.. Catalogue.All.Select(loss => loss.Card.Name)];

    [Theory]
    [MemberData(nameof(Losses))]
    public void Catalogue_EveryLoss_HasAnOracle(string loss) => Assert.Contains(loss, Oracle.Losses);

    [Fact]
    public void Oracles_All_HaveALoss() =>
        Assert.All(Oracle.Losses, loss => Assert.Contains(Catalogue.All, known => known.Card.Name == loss));

    /// <summary>Promise 1: to 1e-10, relative to the larger of the number and 1e-6 of its row's largest.</summary>
    [SkippableTheory]
    [MemberData(nameof(Losses))]
    public void Float64_OnRandomRequests_AgreesWithTorch(string loss)
    {
        Libtorch.Require();
        LossCard card = Catalogue.All.Single(l => l.Card.Name == loss).Card;
        var random = new Random(Seed: 20260923);
        var failures = new List<string>();
        for (int i = 0; i < Requests; i++)
        {
            OracleRequest question = RandomRequest.Draw(card, random).InFloat64();
            try
            {
                (OracleRequest settled, OracleAnswer found) = _engine.Answer(question);
                failures.AddRange(Difference
                    .Of(Oracle.Answer(settled), found, samplesMeet: card.SamplesMeet, cancels: Cancelling.Contains(loss))
                    .Select(difference => $"{difference}\n    of {settled.Describe()}"));
            }
            catch (NotSupportedException)
            {
                // The oracle cannot follow torch there, and says so.
            }
            catch (Exception e)
            {
                failures.Add($"{e.GetType().Name}: {e.Message}\n    of {question.Describe()}");
            }
        }

        string examples = string.Join('\n', failures.Take(5));
        Assert.True(failures.Count == 0, $"{failures.Count} differences, such as\n{examples}");
    }

    /// <summary>Promise 1: the mean error in float32 is no larger than that of torch's own kernels, for the losses and
    /// for the gradients that are answered unasked.</summary>
    [SkippableTheory]
    [MemberData(nameof(Losses))]
    public void Float32_OnManyItems_IsNoWorseThanTorch(string loss)
    {
        Libtorch.Require();
        LossCard card = Catalogue.All.Single(l => l.Card.Name == loss).Card;
        int samples = card.SamplesMeet || card.AxisMax == AxisMax.OfPermutations ? 203 : 4099; // few where torch takes long
        OracleRequest question = RandomRequest.DrawPlain(card, new Random(Seed: 5), samples, classes: 10);
        question.Parameters["reduction"] = "sum";
        question.Parameters["dtype"] = "float32";

        (OracleRequest settled, OracleAnswer found) = _engine.Answer(question);
        OracleAnswer peer = Oracle.Answer(settled);
        OracleAnswer truth = Oracle.Answer(settled.InFloat64());

        Compare("losses", truth.Losses, found.Losses, peer.Losses);
        foreach (Input input in card.Inputs.Where(input => found.Gradients.ContainsKey(input.Name)))
        {
            string name = input.Name;
            Compare(
                $"gradients.{name}", truth.Gradients[name], found.Gradients[name], peer.Gradients[name],
                binding: input.Gradient == GradientRule.Default);
        }

        void Compare(string what, OracleArray truth, OracleArray found, OracleArray peer, bool binding = true)
        {
            (double mean, double worst) = Difference.Ulps(truth, found);
            (double meanOfPeer, double worstOfPeer) = Difference.Ulps(truth, peer);
            output.WriteLine(
                $"{loss} {what} ulp: mean {mean:0.000} (torch {meanOfPeer:0.000}), max {worst:0.0} ({worstOfPeer:0.0})");
            Assert.True(!binding || mean <= meanOfPeer + SamplingError, $"{what}: mean error {mean} ulp, torch {meanOfPeer}");
        }
    }
}

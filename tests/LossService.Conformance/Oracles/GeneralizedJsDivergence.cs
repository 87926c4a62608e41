using LossService.Conformance.Oracles.Harness;
using TorchSharp;
using static TorchSharp.torch;

namespace LossService.Conformance.Oracles;

internal sealed class GeneralizedJsDivergence : IOracle
{
    public string Loss => "generalized_js_divergence";

    public OracleItems Items(OracleInputs given)
    {
        double temperature = given.Number("temperature", 1);
        double beta = given.Number("beta", 0.5);
        Distribution teacher = Read(given.Constant("teacher_logits")! / temperature);
        Distribution student = Read(given["student_logits"] / temperature);
        Tensor elements = beta switch
        {
            0 => teacher.CrossEntropyTerms(student) - teacher.EntropyTerms,
            1 => student.CrossEntropyTerms(teacher) - student.EntropyTerms,
            _ => teacher.TermsFromMixture(student, beta, areNormalized: true),
        };
        return new(elements.sum(Ops.ClassAxis(elements)));
    }

    private static Distribution Read(Tensor logits)
    {
        Tensor surprisal = Ops.Surprisal(logits);
        return new(logits, (-surprisal).exp(), surprisal, IsProbability: false);
    }
}

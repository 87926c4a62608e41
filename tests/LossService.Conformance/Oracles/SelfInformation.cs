using LossService.Conformance.Oracles.Harness;
using TorchSharp;
using static TorchSharp.torch;

namespace LossService.Conformance.Oracles;

internal sealed class SelfInformation : IOracle
{
    public string Loss => "self_information";

    public OracleItems Items(OracleInputs given) => new(-given["p"].log() / Ops.LogBase(given));
}

using LossService.Conformance.Oracles.Harness;
using TorchSharp;
using static TorchSharp.torch;

namespace LossService.Conformance.Oracles;

internal sealed class BatchAllTripletLoss : IOracle
{
    public string Loss => "batch_all_triplet_loss";

    public OracleItems Items(OracleInputs given)
    {
        var batch = new MinedBatch(given, normalizes: false);
        Tensor distances = batch.Distances();
        Tensor near = distances.unsqueeze(2);
        Tensor far = distances.unsqueeze(1);
        Tensor gap = (far - near).detach();
        double middle = given.Number("miner_margin", 0.2);
        Tensor mined = given.Word("miner", "all") switch
        {
            "hard" => gap <= 0,
            "semihard" => (gap > 0).logical_and(gap <= middle),
            "easy" => gap > middle,
            _ => ones_like(gap, ScalarType.Bool),
        };
        return batch.Items(batch.Hinge(given.Number("margin", 1) + near - far), batch.Triplets * mined, "nonzero");
    }
}

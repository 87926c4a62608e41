namespace LossService.Conformance.Oracles.Harness;

/// <summary>
/// A loss's formula once more, from torch operations alone; autograd derives it. Implementations have no state and are
/// found by their type: a new oracle is one new file.
/// </summary>
/// <remarks>
/// In float64 an oracle is the truth: it is written so that nothing cancels, with torch's own function only where that
/// holds. In float32 it is the peer to be beaten: torch's own function wherever there is one.
/// </remarks>
internal interface IOracle
{
    /// <summary>The canonical name.</summary>
    string Loss { get; }

    /// <summary>Computes the items. Masked elements arrive already replaced by harmless ones.</summary>
    OracleItems Items(OracleInputs given);
}

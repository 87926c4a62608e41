namespace LossService.Benchmarks.Shutdown;

/// <summary>What a stop did to those who were sending.</summary>
/// <param name="SaidFirst">Readiness said no before any connection failed.</param>
/// <param name="Answered">Requests answered in full with status 200.</param>
/// <param name="Crossed">Of these, begun before the stop was asked for and answered after it.</param>
/// <param name="Lost">Requests begun on a connection and not answered so: whose, and what came instead.</param>
/// <param name="Refused">Connections that could not be made while readiness had not said no.</param>
internal sealed record Outcome(bool SaidFirst, int Answered, int Crossed, IReadOnlyList<string> Lost, int Refused)
{
    /// <summary>Nobody noticed but by being told.</summary>
    public bool IsClean => SaidFirst && Lost.Count == 0 && Refused == 0;
}

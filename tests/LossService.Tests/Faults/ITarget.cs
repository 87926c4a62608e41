using LossService.Engine.Numerics;

namespace LossService.Tests.Faults;

/// <summary>A service in process, of which a test may break any part at any moment.</summary>
internal interface ITarget
{
    /// <summary>What lends the buffers; returned ones are poisoned.</summary>
    TensorPool Pool { get; }

    /// <summary>How many errors stand in the log.</summary>
    int Errors { get; }

    /// <summary>Called with the size of every buffer before it is lent.</summary>
    Action<int>? BeforeRent { get; set; }

    /// <summary>Sends a request, and returns when all is over.</summary>
    Task<Reply> SendAsync(Call call);
}

using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using LossService.Engine;
using LossService.Engine.Cards;
using LossService.Engine.Families;
using LossService.Engine.Numerics;

namespace LossService.Tests.Faults;

/// <summary>Losses with the bugs that the detectors are there for.</summary>
internal sealed class PlantedLoss : Loss
{
    private readonly Func<LossRequest, Workshop, LossResult> _run;

    private PlantedLoss(string name, Func<LossRequest, Workshop, LossResult> run)
        : base(new LossCard
        {
            Name = name,
            Family = "planted",
            Summary = "Has a bug on purpose.",
            Formula = "0",
            References = [new("None", "https://example.org")],
            Inputs = [new("predictions", "N", "Numbers.") { Gradient = GradientRule.Default }],
            Items = "N",
            Examples = [new("simple", "Three numbers.", """{"predictions":[1,2,3]}""")],
        }) => _run = run;

    /// <summary>Does all right: what is found with it would be found with any loss.</summary>
    public static PlantedLoss Sound { get; } = new("planted_sound", (request, workshop) => Answer(request, workshop, true));

    /// <summary>Forgets a buffer where it cannot have the next.</summary>
    public static PlantedLoss Leaking { get; } = new("planted_leak", (request, workshop) =>
    {
        Lease first = workshop.Pool.Rent(1000);
        LossResult result = Answer(request, workshop, true);
        first.Dispose();
        return result;
    });

    /// <summary>Leaves the last element of its gradient as the buffer came.</summary>
    public static PlantedLoss Dirty { get; } = new("planted_dirt", (request, workshop) => Answer(request, workshop, false));

    /// <summary>Never looks whether somebody still waits.</summary>
    public static PlantedLoss Deaf { get; } = new("planted_deaf", (request, workshop) =>
    {
        for (int block = 0; block < 10; block++)
        {
            workshop.Polling?.Invoke();
        }

        return Answer(request, workshop, true);
    });

    /// <summary>Gives one of its buffers back twice.</summary>
    public static PlantedLoss Twice { get; } = new("planted_twice", (request, workshop) =>
    {
        Lease lease = workshop.Pool.Rent(1000);
        lease.Dispose();
        lease.Dispose();
        return Answer(request, workshop, true);
    });

    /// <summary>Does not know 13.</summary>
    public static PlantedLoss Superstitious { get; } = new("planted_crash", (request, workshop) =>
        request.Tensor("predictions")!.Float32.Contains(13) ? throw new InvalidOperationException("13") : Answer(request, workshop, true));

    /// <summary>Reads one element more than its input has: what lies there is of whoever had the buffer before.</summary>
    public static PlantedLoss Curious { get; } = new("planted_beyond", (request, workshop) =>
    {
        LossResult result = Answer(request, workshop, true);
        Tensor given = request.Tensor("predictions")!;
        if (given.Element == Element.Float32 && !given.Bytes.IsEmpty)
        {
            ref float first = ref MemoryMarshal.GetReference(given.Float32);
            result.Loss = Unsafe.Add(ref first, given.Shape.Elements);
        }

        return result;
    });

    /// <summary>Takes vectors of three elements, and in what is left of them one place too far.</summary>
    public static PlantedLoss Tailed { get; } = new("planted_tail", (request, workshop) =>
    {
        Span<byte> bytes = request.Tensor("predictions")!.Bytes;
        int size = request.Tensor("predictions")!.Element == Element.Float64 ? sizeof(double) : sizeof(float);
        for (int element = bytes.Length / size / 3 * 3; element < bytes.Length / size; element++)
        {
            _ = bytes[(element + 1) * size];
        }

        return Answer(request, workshop, true);
    });

    /// <summary>Counts on finite numbers, which nobody checks: its card admits any.</summary>
    public static PlantedLoss Trusting { get; } = new("planted_unchecked", (request, workshop) =>
    {
        Tensor given = request.Tensor("predictions")!;
        foreach (double one in given.Element == Element.Float64 ? given.Float64.ToArray() : [.. given.Float32.ToArray()])
        {
            _ = double.IsFinite(one) ? 0 : throw new InvalidOperationException("no number");
        }

        return Answer(request, workshop, true);
    });

    public static IReadOnlyList<PlantedLoss> All { get; } =
        [Sound, Leaking, Dirty, Deaf, Twice, Superstitious, Curious, Tailed, Trusting];

    public override LossResult Run(LossRequest request, Workshop workshop) => _run(request, workshop);

    private static LossResult Answer(LossRequest request, Workshop workshop, bool whole)
    {
        workshop.Poll();
        Tensor given = request.Tensor("predictions")!;
        Tensor gradient = Tensor.Like(workshop.Pool, given, given.Element);
        given.Bytes[..^(whole || given.Bytes.IsEmpty ? 0 : 4)].CopyTo(gradient.Bytes);
        var result = new LossResult(request) { Loss = 0 };
        result.Gradients[0] = gradient;
        return result;
    }
}

using System.IO.Pipelines;
using System.Text;
using LossService.Engine;
using LossService.Engine.Numerics;
using LossService.Wire;
using LossService.Wire.Json;
using LossService.Wire.Safetensors;

namespace LossService.Fuzz;

/// <summary>What is fuzzed: the readers of bodies. An input may be refused with mistakes; an exception, a lease that stays out
/// or a mistake without words is a finding.</summary>
internal static class Targets
{
    private const string Loss = "mse_loss";

    /// <summary>Every target by its name.</summary>
    public static IReadOnlyDictionary<string, Action<byte[]>> All { get; } = new Dictionary<string, Action<byte[]>>
    {
        ["json"] = input => Read(new JsonCodec(), input),
        ["base64"] = input => Read(
            new JsonCodec(), [.. "{\"predictions\":{\"shape\":[4],\"base64\":\""u8, .. input, .. "\"},\"targets\":[1,2,3,4]}"u8]),
        ["safetensors"] = input => Read(new SafetensorsCodec(), input),
        ["control"] = input => Read(new JsonCodec(), input, PlantedPairs),
    };

    private static void Read(Codec codec, byte[] body, Action<LossRequest>? then = null)
    {
        foreach (ReadLimits limits in (ReadLimits[])[Setting.Whole, Setting.Streamed])
        {
            using (var request = new LossRequest(Catalogue.Find(Loss)!.Card))
            {
                codec.ReadAsync(PipeReader.Create(new(body)), request, limits, Setting.Pool, default).AsTask().GetAwaiter().GetResult();
                request.Resolve();
                Demand(request.Mistakes.All.All(mistake => mistake.Detail.Length > 0), "a mistake without words");
                Demand(request.Mistakes.All.All(mistake => ProblemKinds.Find(mistake.Code) is not null), "a code that nobody knows");
                then?.Invoke(request);
            }

            Demand(Setting.Pool.Leases == 0, "a lease stays out");
        }
    }

    // A planted bug: takes numbers two by two, and forgets that one may be left.
    private static void PlantedPairs(LossRequest request)
    {
        if (request.Tensor("predictions") is { } tensor && request.Mistakes.IsEmpty)
        {
            float[] numbers = new float[tensor.Shape.Elements];
            for (int i = 0; i < numbers.Length; i += 2)
            {
                numbers[i] += numbers[i + 1];
            }
        }
    }

    private static void Demand(bool holds, string otherwise)
    {
        if (!holds)
        {
            throw new InvalidOperationException(otherwise);
        }
    }

    /// <summary>Made at the first input: instrumented code must not run before anybody listens to it.</summary>
    private static class Setting
    {
        // Small, so that inputs reach them; each body is read whole and, once more, as it arrives.
        public static readonly ReadLimits Whole = new(1 << 16, 4096, 8, 1100, 1 << 16) { HeaderBytesMax = 4096 };
        public static readonly ReadLimits Streamed = Whole with { BufferedBytesMax = 16 };
        public static readonly TensorPool Pool = new(1 << 28) { PoisonsReturns = true };
    }
}

using System.Globalization;

namespace LossService.Benchmarks.Harness;

/// <summary>What the command line asks for.</summary>
/// <param name="Only">One part by its name; null for all.</param>
/// <param name="Toy">Everything once, at toy size; writes no results.</param>
/// <param name="Json">Where the rows also go, for a program to read; null for nowhere.</param>
/// <param name="Serve">Be one of the services that others are compared with; null to be none.</param>
/// <param name="Urls">Where that service listens.</param>
internal sealed record Options(string? Only, bool Toy, string? Json, string? Serve, string? Urls)
{
    /// <summary>Only kernels or attacks that have this in their names; null for all.</summary>
    public string? Filter { get; private init; }

    /// <summary>How long a soak takes; null for its own time.</summary>
    public double? Seconds { get; private init; }

    /// <summary>How many bodies the fuzzer changes; null for its own number.</summary>
    public long? Count { get; private init; }

    /// <summary>Where the fuzzer begins; null for another place each time.</summary>
    public int? Seed { get; private init; }

    /// <summary>The soak plants a leak, which it must find.</summary>
    public bool Leaks { get; private init; }

    public const string Usage = """
        dotnet run -c Release --project tests/LossService.Benchmarks [-- OPTIONS]
          --only PART   kernels, pieces, digits, server, cost or startup (all of these when absent);
                        isolation, fuzz, sockets, memory, cancel or overload (what holds, at length); sweep (every float there is, half an hour);
                        abuse (what others notice of attacks, 25 minutes);
                        soak (an hour under a mixed load: what grows);
                        shutdown (200 stops under load, a quarter of an hour); dotnet (ours under BenchmarkDotNet)
          --filter TEXT only kernels ("bce_with_logits 10M"), requests ("JSON (32,10)"), attacks ("slow readers") or halves of
                        overload ("neighbours", "rates") with this in their name; writes no results
          --seconds N   how long a soak takes (3600)
          --count N     how many bodies the fuzzer changes (10000000)
          --seed N      where the fuzzer begins (elsewhere each time); writes no results
          --leak        the soak plants a leak of 1 KiB a request, and has to fail; writes no results
          --toy         everything once at toy size, to see that it runs; writes no results
          --json FILE   the rows as JSON, too
        """;

    /// <summary>Reads the arguments; null when they are not understood.</summary>
    public static Options? Parse(string[] arguments)
    {
        var options = new Options(null, false, null, null, null);
        for (int i = 0; i < arguments.Length; i++)
        {
            if (arguments[i] is "--toy" or "--leak")
            {
                options = arguments[i] == "--toy" ? options with { Toy = true } : options with { Leaks = true };
                continue;
            }

            if (i + 1 == arguments.Length)
            {
                return null;
            }

            string value = arguments[i + 1];
            switch (arguments[i++])
            {
                case "--only":
                    options = options with { Only = value };
                    break;
                case "--filter":
                    options = options with { Filter = value };
                    break;
                case "--seconds" when double.TryParse(value, CultureInfo.InvariantCulture, out double seconds) && seconds >= 1:
                    options = options with { Seconds = seconds };
                    break;
                case "--count" when long.TryParse(value, CultureInfo.InvariantCulture, out long count) && count >= 1000:
                    options = options with { Count = count };
                    break;
                case "--seed" when int.TryParse(value, CultureInfo.InvariantCulture, out int seed):
                    options = options with { Seed = seed };
                    break;
                case "--json":
                    options = options with { Json = value };
                    break;
                case "--serve":
                    options = options with { Serve = value };
                    break;
                case "--urls":
                    options = options with { Urls = value };
                    break;
                default:
                    return null;
            }
        }

        return options;
    }
}

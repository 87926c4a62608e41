using System.Globalization;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;
using System.Text;

namespace LossService.Benchmarks.Harness;

/// <summary>What must be known beside any number: on what, of what, when, and how busy it was.</summary>
internal static class Machine
{
    /// <summary>The processor's own name.</summary>
    public static string Processor { get; } = ReadProcessor();

    /// <summary>The same as a file name.</summary>
    public static string Slug { get; } = Slugify(Processor + Suffix());

    /// <summary>The repository that this program was built from.</summary>
    public static string Repository { get; } = FindRepository();

    /// <summary>One line: what the numbers below it were measured of.</summary>
    public static string Provenance() => string.Create(
        CultureInfo.InvariantCulture,
        $"{DateTime.UtcNow:yyyy-MM-dd HH:mm} UTC, commit {Commit()}, load average {LoadAverage()} when it ended.");

    /// <summary>The machine and the software that do not change between parts.</summary>
    public static IEnumerable<string> Facts()
    {
        yield return $"{Processor}, {Environment.ProcessorCount} cores; {string.Join(", ", InstructionSets())}";
        yield return $"{RuntimeInformation.OSDescription.Split('#')[0].Trim()}; {RuntimeInformation.FrameworkDescription}; "
            + $"libtorch through TorchSharp {Version(typeof(TorchSharp.torch))}; "
            + $"System.Numerics.Tensors {Version(typeof(System.Numerics.Tensors.TensorPrimitives))}";
        (int code, string output) = Programs.Run("g++", ["--version"]);
        yield return code == 0 ? output.Split('\n')[0] : "no g++";
    }

    private static string Version(Type type) => type.Assembly.GetName().Version?.ToString(3) ?? "?";

    private static IEnumerable<string> InstructionSets()
    {
        (string Name, bool Has)[] sets =
        [
            ("AVX2", Avx2.IsSupported), ("FMA", Fma.IsSupported), ("AVX-512F", Avx512F.IsSupported),
            ("AVX-512VBMI", Avx512Vbmi.IsSupported), ("NEON", AdvSimd.IsSupported),
        ];
        return sets.Where(set => set.Has).Select(set => set.Name).DefaultIfEmpty("no vectors");
    }

    private static string ReadProcessor()
    {
        string? line = File.Exists("/proc/cpuinfo")
            ? File.ReadLines("/proc/cpuinfo").FirstOrDefault(one => one.StartsWith("model name", StringComparison.Ordinal))
            : null;
        return line?.Split(':', 2)[1].Trim() ?? RuntimeInformation.ProcessArchitecture.ToString();
    }

    // Virtual machines call every generation "AMD EPYC"; whether it has AVX-512 changes every ratio.
    private static string Suffix() => Avx512F.IsSupported ? " avx512" : "";

    private static string Slugify(string name)
    {
        var slug = new StringBuilder();
        foreach (char one in name)
        {
            if (char.IsAsciiLetterOrDigit(one))
            {
                slug.Append(char.ToLowerInvariant(one));
            }
            else if (slug.Length > 0 && slug[^1] != '-')
            {
                slug.Append('-');
            }
        }

        return slug.ToString().Trim('-');
    }

    private static string Commit()
    {
        (int code, string hash) = Programs.Run("git", ["-C", Repository, "rev-parse", "--short", "HEAD"]);
        if (code != 0)
        {
            return "unknown";
        }

        (_, string changes) = Programs.Run(
            "git", ["-C", Repository, "status", "--porcelain", "--", "src", "tests/LossService.Benchmarks/**.cs"]);
        return hash.Trim() + (changes.Length == 0 ? "" : " with changes");
    }

    private static string LoadAverage() =>
        File.Exists("/proc/loadavg") ? File.ReadAllText("/proc/loadavg").Split(' ')[0] : "unknown";

    private static string FindRepository()
    {
        DirectoryInfo? folder = new(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "LossService.sln")))
        {
            folder = folder.Parent;
        }

        return folder?.FullName ?? AppContext.BaseDirectory;
    }
}

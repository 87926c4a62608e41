using System.Diagnostics;
using System.Globalization;
using LossService.Benchmarks.Harness;

namespace LossService.Benchmarks.Digits;

/// <summary>The C++ peers: one small program, compiled where there is a compiler, which works when told to, so that its
/// turns alternate with ours.</summary>
internal sealed class NativeDigits : IDisposable
{
    private readonly Process _process;
    private readonly string[] _offers;

    private NativeDigits(Process process)
    {
        _process = process;
        _offers = (process.StandardOutput.ReadLine() ?? "").Split(' ');
    }

    /// <summary>The version of simdjson and the kernel it chose; null without it.</summary>
    public string? Simdjson => Array.Find(_offers, offer => offer.StartsWith("simdjson-", StringComparison.Ordinal));

    /// <summary>Compiles the program, with simdjson where that can be had, and once a build; null with the reason where that
    /// is impossible.</summary>
    public static string? Compile(bool toy, out string? whyNot)
    {
        string source = Path.Combine(AppContext.BaseDirectory, "native", "digits.cpp");
        whyNot = null;
        // A toy run compiles in a tenth of the time.
        string[] optimize = toy ? ["-O0"] : ["-O3", "-march=native"];
        foreach (string[] libraries in new[] { new[] { "-lsimdjson" }, [] })
        {
            // By its name, one that was built before simdjson was installed is not taken for the other.
            string program = Path.Combine(
                AppContext.BaseDirectory, string.Concat([toy ? "digits-toy" : "digits-native", .. libraries]));
            if (File.Exists(program) && File.GetLastWriteTimeUtc(program) > File.GetLastWriteTimeUtc(source))
            {
                return program;
            }

            (int code, string output) = Programs.Run("g++", ["-std=c++17", .. optimize, source, "-o", program, .. libraries]);
            if (code == 0)
            {
                return program;
            }

            whyNot = output.Split('\n')[0];
        }

        return null;
    }

    /// <summary>Starts the program on this text and these numbers.</summary>
    public static NativeDigits Start(string program, string dtype, string text, string values, int rows)
    {
        var plan = new ProcessStartInfo(program, [dtype, text, values, rows.ToString(CultureInfo.InvariantCulture)])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        };
        return new NativeDigits(Process.Start(plan)!);
    }

    /// <summary>An entrant that has the program do this work; null where it cannot.</summary>
    public Entrant? Entrant(string name, string work) =>
        _offers.Contains(work) ? new Remote(this, name, work) : null;

    public void Dispose()
    {
        _process.StandardInput.Close();
        if (!_process.WaitForExit(2000))
        {
            _process.Kill();
        }

        _process.Dispose();
    }

    private double Ask(string line)
    {
        _process.StandardInput.WriteLine(line);
        _process.StandardInput.Flush();
        string? answer = _process.StandardOutput.ReadLine();
        return double.Parse(
            answer ?? throw new InvalidOperationException("The C++ program ended."), CultureInfo.InvariantCulture);
    }

    private sealed class Remote(NativeDigits host, string name, string work) : Entrant(name)
    {
        public override double Time(int times) =>
            host.Ask(string.Create(CultureInfo.InvariantCulture, $"{work} {times}"));

        public override double[] Check() => [host.Ask($"check {work}")];
    }
}

using System.ComponentModel;
using System.Diagnostics;

namespace LossService.Benchmarks.Harness;

/// <summary>Runs programs as processes of their own.</summary>
internal static class Programs
{
    private const int RunMsMax = 600_000;

    /// <summary>The dotnet that runs this program.</summary>
    public static string Dotnet { get; } = Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet";

    /// <summary>This program, to be run once more.</summary>
    public static string Self { get; } = typeof(Programs).Assembly.Location;

    /// <summary>Runs a program to its end.</summary>
    /// <returns>Its exit code and what it wrote; code -1 where there is no such program.</returns>
    public static (int Code, string Output) Run(
        string program, IReadOnlyList<string> arguments, params (string Name, string Value)[] environment)
    {
        var plan = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach ((string name, string value) in environment)
        {
            plan.Environment[name] = value;
        }

        try
        {
            using Process process = Process.Start(plan)!;
            Task<string> output = process.StandardOutput.ReadToEndAsync();
            Task<string> errors = process.StandardError.ReadToEndAsync();
            if (!process.WaitForExit(RunMsMax))
            {
                process.Kill(entireProcessTree: true);
                throw new TimeoutException($"{program} {string.Join(' ', arguments)} did not end.");
            }

            return (process.ExitCode, errors.Result + output.Result);
        }
        catch (Win32Exception missing)
        {
            return (-1, missing.Message);
        }
    }
}

using System.ComponentModel;
using LossService.Tests.Examples;

namespace LossService.Tests.Deploy;

/// <summary>What on this machine can build and run an image.</summary>
internal static class Engine
{
    private static readonly TimeSpan BuildTimeMax = TimeSpan.FromMinutes(10); // a busy machine compiles slowly

    /// <summary>A container by the best engine that there is, or the reason why there is none.</summary>
    public static async Task<(IContainer? Container, string Missing)> FindAsync()
    {
        if (await AnswersAsync("docker", "info"))
        {
            return (new DockerContainer(), "");
        }

        if (!OperatingSystem.IsLinux() || !Environment.IsPrivilegedProcess)
        {
            return (null, "No Docker engine answers here, and without one it takes root on Linux.");
        }

        foreach (string program in (string[])["buildah", "bwrap", "setpriv", "nsenter"])
        {
            if (!await AnswersAsync(program, "--version"))
            {
                return (null, $"No Docker engine answers here, and {program} is missing.");
            }
        }

        return (new BuildahContainer(), "");
    }

    /// <summary>Runs a program that has to succeed.</summary>
    /// <returns>What it wrote.</returns>
    /// <exception cref="InvalidOperationException">It ended with another code than 0.</exception>
    public static async Task<string> RunAsync(string program, params string[] arguments)
    {
        (int code, string output) = await Programs.RunAsync(BuildTimeMax, program, arguments);
        return code == 0
            ? output
            : throw new InvalidOperationException($"{program} {string.Join(' ', arguments)} ended with {code}:\n{output}");
    }

    /// <summary>True when a program is there and ends with 0.</summary>
    public static async Task<bool> AnswersAsync(string program, params string[] arguments)
    {
        try
        {
            return (await Programs.RunAsync(program, arguments)).Code == 0;
        }
        catch (Win32Exception)
        {
            return false;
        }
    }
}

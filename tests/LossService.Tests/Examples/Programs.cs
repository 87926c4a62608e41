using System.Diagnostics;

namespace LossService.Tests.Examples;

/// <summary>Runs programs as processes of their own.</summary>
internal static class Programs
{
    private static readonly TimeSpan RunTimeMax = TimeSpan.FromMinutes(3); // seconds, on a machine that is not busy

    /// <summary>The dotnet that runs these tests.</summary>
    public static string Dotnet { get; } = Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet";

    /// <summary>The service's program, as these tests were built with it.</summary>
    public static string Service { get; } = Path.Combine(AppContext.BaseDirectory, "LossService.Api.dll");

    /// <summary>Runs a program to its end.</summary>
    /// <returns>Its exit code, and what it wrote to standard output and then to standard error.</returns>
    /// <exception cref="System.ComponentModel.Win32Exception">There is no such program.</exception>
    /// <exception cref="TimeoutException">It did not end; it was killed.</exception>
    public static Task<(int Code, string Output)> RunAsync(string program, params string[] arguments) =>
        RunAsync(RunTimeMax, program, arguments);

    /// <summary>Runs a program that may take longer than others.</summary>
    public static async Task<(int Code, string Output)> RunAsync(TimeSpan timeMax, string program, params string[] arguments)
    {
        using Process process = Process.Start(Plan(program, arguments))!;
        process.StandardInput.Close();
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        Task<string> errors = process.StandardError.ReadToEndAsync();
        using var time = new CancellationTokenSource(timeMax);
        try
        {
            await process.WaitForExitAsync(time.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException($"{program} {string.Join(' ', arguments)} ran longer than {timeMax}.");
        }

        return (process.ExitCode, await output + await errors);
    }

    /// <summary>How a program is started: in the folder of these tests, all its streams in our hands.</summary>
    public static ProcessStartInfo Plan(string program, params string[] arguments) => new(program, arguments)
    {
        WorkingDirectory = AppContext.BaseDirectory,
        RedirectStandardInput = true,
        RedirectStandardOutput = true,
        RedirectStandardError = true,
    };
}

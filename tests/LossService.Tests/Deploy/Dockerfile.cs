using System.Text.Json;
using LossService.Tests.Tidy;

namespace LossService.Tests.Deploy;

/// <summary>A Dockerfile as a list of instructions.</summary>
internal sealed record Dockerfile(IReadOnlyList<(string Instruction, string Arguments)> Lines)
{
    /// <summary>deploy/Dockerfile.</summary>
    public static Dockerfile OfTheService { get; } = Parse(House.Read("deploy/Dockerfile"));

    /// <summary>The command of the health check, word by word.</summary>
    public string[] HealthCheck =>
        JsonSerializer.Deserialize<string[]>(LastStage.All("HEALTHCHECK").Single().Split("CMD ")[1])!;

    /// <summary>Reads a Dockerfile: comments go, lines that end in a backslash continue.</summary>
    public static Dockerfile Parse(string text)
    {
        var lines = new List<(string, string)>();
        string pending = "";
        foreach (string line in text.Split('\n').Select(line => line.Trim()))
        {
            if (line.Length == 0 || line[0] == '#')
            {
                continue;
            }

            pending += line.TrimEnd('\\');
            if (line[^1] != '\\')
            {
                string[] parts = pending.Split(' ', 2, StringSplitOptions.TrimEntries);
                lines.Add((parts[0], parts[1]));
                pending = "";
            }
        }

        return new(lines);
    }

    /// <summary>The instructions of the stage that becomes the image: from the last FROM on.</summary>
    public Dockerfile LastStage =>
        new([.. Lines.Skip(Lines.ToList().FindLastIndex(line => line.Instruction == "FROM"))]);

    /// <summary>The arguments of every instruction of this name.</summary>
    public IReadOnlyList<string> All(string instruction) =>
        [.. Lines.Where(line => line.Instruction == instruction).Select(line => line.Arguments)];

    /// <summary>The value of an ENV or ARG; null where there is none.</summary>
    public string? Value(string name) => All("ENV").Concat(All("ARG"))
        .SelectMany(arguments => arguments.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        .Where(pair => pair.StartsWith($"{name}=", StringComparison.Ordinal))
        .Select(pair => pair[(name.Length + 1)..])
        .LastOrDefault();
}

using System.Text.Json;
using LossService.Benchmarks;
using LossService.Benchmarks.Harness;
using LossService.Benchmarks.Server;

if (Options.Parse(args) is not { } options)
{
    Console.Error.WriteLine(Options.Usage);
    return 2;
}

switch (options.Serve)
{
    case "naive":
        NaiveService.Run(options.Urls!);
        return 0;
    case "echo":
        EchoService.Run(options.Urls!);
        return 0;
    default:
        break;
}

var parts = new Parts(options);
foreach (string part in options.Only is { } one ? [one] : Parts.All)
{
    if (!parts.Run(part))
    {
        return 1;
    }
}

if (options.Json is { } file)
{
    File.WriteAllText(file, JsonSerializer.Serialize(parts.Rows));
}

return 0;

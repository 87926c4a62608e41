using LossService.Fuzz;
using SharpFuzz;

// TARGET: one input a run, as afl-fuzz wants it; see the script run. TARGET FILE…: these inputs once.
if (args.Length == 0 || !Targets.All.TryGetValue(args[0], out Action<byte[]>? target))
{
    Console.Error.WriteLine($"LossService.Fuzz TARGET [FILE…], where TARGET is one of {string.Join(", ", Targets.All.Keys)}");
    return 2;
}

foreach (string file in args.Skip(1))
{
    target(File.ReadAllBytes(file));
}

if (args.Length == 1)
{
    Fuzzer.Run((Stream input) =>
    {
        using var bytes = new MemoryStream();
        input.CopyTo(bytes);
        target(bytes.ToArray());
    });
}

return 0;

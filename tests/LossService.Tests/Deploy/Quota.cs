namespace LossService.Tests.Deploy;

/// <summary>Half a processor, as an engine gives it to a container: a group of the system's scheduler with a quota. Whoever may
/// not make one has none.</summary>
internal sealed class Quota : IDisposable
{
    private static readonly (string Root, string File, string Half)[] Kinds =
    [
        ("/sys/fs/cgroup/cpu", "cpu.cfs_quota_us", "50000"), // of 100,000 µs
        ("/sys/fs/cgroup", "cpu.max", "50000 100000"),
    ];

    private readonly string _group;

    private Quota(string group) => _group = group;

    /// <summary>What stands before a command that is to have no more.</summary>
    public string[] Before => ["sh", "-c", "echo $$ > \"$0/cgroup.procs\" && exec \"$@\"", _group];

    /// <summary>Makes one where that is allowed.</summary>
    public static Quota? TryMake() => Kinds.Where(kind => Directory.Exists(kind.Root)).Select(TryMake).FirstOrDefault(made => made is not null);

    /// <summary>Takes the group away; no process may be in it any more.</summary>
    public void Dispose() => Directory.Delete(_group);

    private static Quota? TryMake((string Root, string File, string Half) kind)
    {
        string group = Path.Combine(kind.Root, $"lossservice-{Guid.NewGuid():N}");
        try
        {
            Directory.CreateDirectory(group);
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            return null;
        }

        try
        {
            // The system fills a new group with its files; where the file of the quota is missing, it has another meaning.
            string file = Path.Combine(group, kind.File);
            if (File.Exists(file))
            {
                File.WriteAllText(file, kind.Half);
                return new(group);
            }
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            // The group goes again, below.
        }

        Directory.Delete(group);
        return null;
    }
}

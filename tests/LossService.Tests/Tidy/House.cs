namespace LossService.Tests.Tidy;

/// <summary>The repository that these tests were built from.</summary>
internal static class House
{
    /// <summary>The folder that holds the solution.</summary>
    public static string Root => Repository.Root;

    /// <summary>The path of a file or folder, given from the root with forward slashes.</summary>
    public static string PathOf(string path) => Path.Combine(Root, path.Replace('/', Path.DirectorySeparatorChar));

    /// <summary>The text of a file, given from the root, with line ends as committed.</summary>
    public static string Read(string path) => File.ReadAllText(PathOf(path)).ReplaceLineEndings("\n");

    /// <summary>Every file that people keep here, from the root with forward slashes: nothing that a build leaves.</summary>
    public static IEnumerable<string> Files => Below(new(Root)).Select(file => Path.GetRelativePath(Root, file).Replace('\\', '/'));

    private static IEnumerable<string> Below(DirectoryInfo folder) => folder.EnumerateFiles().Select(file => file.FullName)
        .Concat(folder.EnumerateDirectories()
            .Where(inner => inner.Name is not ("bin" or "obj" or "TestResults") && inner.Name[0] != '.')
            .SelectMany(Below));
}

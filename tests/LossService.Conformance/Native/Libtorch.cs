using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using TorchSharp;
using Xunit;

namespace LossService.Conformance.Native;

/// <summary>
/// Makes libtorch load, or says why it cannot. Ask <see cref="Available"/> (or call <see cref="Require"/>) first.
/// </summary>
/// <remarks>
/// TorchSharp's library is built with GCC 13 and asks libstdc++ for one symbol version that older systems (Debian 12)
/// lack. The only symbol of that version is a marker which the header &lt;iostream&gt; mentions so that new programs
/// refuse an old libstdc++: nothing calls it and no relocation refers to it. So it is enough to mark the version need
/// weak, in the output directory's copy, before the first torch call. The C++ streams that the marker guards are
/// initialised by libtorch itself, which is built the old way. Elsewhere nothing is touched.
/// </remarks>
internal static class Libtorch
{
    private const string Library = "LibTorchSharp";
    private const string NewestVersion = "GLIBCXX_3.4.32";
    private const string NewestSymbol = "_ZSt21ios_base_library_initv"; // std::ios_base_library_init()

    /// <summary>The library that the runtime will load, where it lies in the output directory; the NuGet cache is not
    /// ours to change. Null on platforms that the native package does not serve.</summary>
    public static string? OutputCopy { get; } =
        new[] { Path.Combine("runtimes", "linux-x64", "native"), "" }
            .Select(folder => Path.Combine(AppContext.BaseDirectory, folder, $"lib{Library}.so"))
            .FirstOrDefault(File.Exists);

    private static readonly Lazy<string?> Failure = new(TryLoad);
    private static string? _preparationFailure;

    /// <summary>Whether torch can be called in this process. The first question loads it (half a gigabyte).</summary>
    public static bool Available => Failure.Value is null;

    /// <summary>Why torch cannot be called; empty when it can.</summary>
    public static string Reason => Failure.Value ?? "";

    /// <summary>Skips the running test, with the reason, where torch cannot be called.</summary>
    public static void Require() => Skip.IfNot(Available, Reason);

    /// <summary>
    /// Runs before any other code of this assembly, so no torch call can come first: once the runtime has failed to
    /// load the library, it does not try again.
    /// </summary>
    [ModuleInitializer]
    internal static void Prepare()
    {
        try
        {
            if (OperatingSystem.IsLinux() && SystemLacksNewestSymbol())
            {
                WeakenOutputCopy();
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidDataException)
        {
            // A module initializer that throws would take every test down with it; these become skips with a reason.
            _preparationFailure = e.Message;
        }
    }

    private static bool SystemLacksNewestSymbol()
    {
        // No libstdc++ at all is not ours to mend: loading says so in its own words.
        if (!NativeLibrary.TryLoad("libstdc++.so.6", out nint libstdcxx))
        {
            return false;
        }

        return !NativeLibrary.TryGetExport(libstdcxx, NewestSymbol, out _);
    }

    private static void WeakenOutputCopy()
    {
        if (OutputCopy is not string copy)
        {
            return;
        }

        byte[] image = File.ReadAllBytes(copy);
        if (ElfVersionNeed.MarkWeak(image, NewestVersion) == 0)
        {
            return;
        }

        // A new file under the old name, never the old file edited: the copy may be a hard link into the NuGet cache,
        // and another test process may have it mapped or be doing the same right now. A rename replaces it at once.
        string fresh = $"{copy}.{Environment.ProcessId}";
        File.WriteAllBytes(fresh, image);
        File.SetLastWriteTimeUtc(fresh, File.GetLastWriteTimeUtc(copy)); // or the next build would copy it anew
        File.Move(fresh, copy, overwrite: true);
    }

    private static string? TryLoad()
    {
        if (_preparationFailure is not null)
        {
            return $"libtorch cannot be made to load here: {_preparationFailure}";
        }

        // Asked of the loader first, because TorchSharp buries the loader's own words under its advice.
        try
        {
            NativeLibrary.Load(Library, typeof(torch).Assembly, searchPath: null);
        }
        catch (Exception e) when (e is DllNotFoundException or BadImageFormatException)
        {
            return $"libtorch does not load here: {e.Message}";
        }

        // The oracle's tensors are small: one thread is faster, leaves the machine to others, and sums in one order.
        torch.set_num_threads(1);
        return null;
    }
}

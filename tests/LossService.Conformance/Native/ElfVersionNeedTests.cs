using Xunit;

namespace LossService.Conformance.Native;

public class ElfVersionNeedTests
{
    // Any version that the library needs and that nothing else marks.
    private const string Needed = "GLIBCXX_3.4.30";

    [SkippableFact]
    public void MarkWeak_VersionNeeded_ChangesItsFlagOnlyAndOnce()
    {
        byte[] before = Library();
        byte[] after = [.. before];

        Assert.Equal(1, ElfVersionNeed.MarkWeak(after, Needed));
        int[] changed = [.. Enumerable.Range(0, before.Length).Where(i => before[i] != after[i])];
        Assert.Equal(before[Assert.Single(changed)] | 0x2, after[changed[0]]);

        Assert.Equal(0, ElfVersionNeed.MarkWeak(after, Needed));
    }

    [SkippableFact]
    public void MarkWeak_VersionNotNeeded_ChangesNothing()
    {
        byte[] before = Library();
        byte[] after = [.. before];

        Assert.Equal(0, ElfVersionNeed.MarkWeak(after, "GLIBCXX_3.4.3")); // the beginning of a needed one
        Assert.Equal(before, after);
    }

    [SkippableFact]
    public void MarkWeak_LibraryCutShort_IsRefused()
    {
        byte[] cut = Library()[..^1000]; // the section headers stand at the end

        Assert.Throws<InvalidDataException>(() => ElfVersionNeed.MarkWeak(cut, Needed));
    }

    [Theory]
    [InlineData(new byte[] { })]
    [InlineData(new byte[] { 0x7f, (byte)'E', (byte)'L', (byte)'F', 2, 1 })]
    [InlineData(new byte[] { (byte)'M', (byte)'Z', 0, 0, 0, 0, 0, 0 })]
    public void MarkWeak_NotAnElfLibrary_IsRefused(byte[] image) =>
        Assert.Throws<InvalidDataException>(() => ElfVersionNeed.MarkWeak(image, Needed));

    private static byte[] Library()
    {
        Skip.If(Libtorch.OutputCopy is null, "no native libtorch for this platform");
        return File.ReadAllBytes(Libtorch.OutputCopy);
    }
}

using System.Buffers.Binary;
using System.Text;

namespace LossService.Conformance.Native;

/// <summary>
/// Edits the symbol versions that a 64-bit little-endian ELF library asks of the libraries it is linked with
/// (section <c>.gnu.version_r</c>; layout: the Linux Standard Base's "Symbol Versioning", System V gABI for the rest).
/// </summary>
internal static class ElfVersionNeed
{
    private const uint VersionNeedSection = 0x6ffffffe; // SHT_GNU_verneed
    private const ushort Weak = 0x2; // VER_FLG_WEAK: the loader accepts that the version is missing

    /// <summary>Marks every need of <paramref name="version"/> weak, in place.</summary>
    /// <returns>How many needs were changed; 0 when there is none or all are weak already.</returns>
    /// <exception cref="InvalidDataException">It is not a 64-bit little-endian ELF file, or is damaged.</exception>
    public static int MarkWeak(Span<byte> image, string version)
    {
        ReadOnlySpan<byte> magic = [0x7f, (byte)'E', (byte)'L', (byte)'F', /* 64 bit */ 2, /* little-endian */ 1];
        if (!image.StartsWith(magic))
        {
            throw new InvalidDataException("not a 64-bit little-endian ELF file");
        }

        try
        {
            return MarkWeakIn(image, Encoding.ASCII.GetBytes(version + '\0'));
        }
        catch (Exception damage) when (damage is ArgumentOutOfRangeException or OverflowException)
        {
            // Every offset of the file is followed through a span, so a wrong one ends here and not in other memory.
            throw new InvalidDataException("an offset points out of the ELF file", damage);
        }
    }

    private static int MarkWeakIn(Span<byte> image, ReadOnlySpan<byte> version)
    {
        int marked = 0;
        int sections = BinaryPrimitives.ReadUInt16LittleEndian(image[0x3c..]);
        for (int s = 0; s < sections; s++)
        {
            ReadOnlySpan<byte> section = SectionHeader(image, s);
            if (BinaryPrimitives.ReadUInt32LittleEndian(section[0x04..]) != VersionNeedSection)
            {
                continue;
            }

            // The section's link names its string table, its info counts the files that are needed.
            int link = (int)BinaryPrimitives.ReadUInt32LittleEndian(section[0x28..]);
            int names = SectionOffset(SectionHeader(image, link));
            uint files = BinaryPrimitives.ReadUInt32LittleEndian(section[0x2c..]);
            int file = SectionOffset(section);
            for (uint f = 0; f < files; f++)
            {
                marked += MarkWeakInFile(image, file, names, version);
                file += (int)BinaryPrimitives.ReadUInt32LittleEndian(image[(file + 12)..]); // vn_next
            }
        }

        return marked;
    }

    private static int MarkWeakInFile(Span<byte> image, int file, int names, ReadOnlySpan<byte> version)
    {
        int marked = 0;
        int count = BinaryPrimitives.ReadUInt16LittleEndian(image[(file + 2)..]); // vn_cnt
        int need = file + (int)BinaryPrimitives.ReadUInt32LittleEndian(image[(file + 8)..]); // vn_aux
        for (int n = 0; n < count; n++)
        {
            int name = names + (int)BinaryPrimitives.ReadUInt32LittleEndian(image[(need + 8)..]); // vna_name
            Span<byte> flagBytes = image.Slice(need + 4, sizeof(ushort)); // vna_flags
            ushort flags = BinaryPrimitives.ReadUInt16LittleEndian(flagBytes);
            if ((flags & Weak) == 0 && image[name..].StartsWith(version))
            {
                BinaryPrimitives.WriteUInt16LittleEndian(flagBytes, (ushort)(flags | Weak));
                marked++;
            }

            need += (int)BinaryPrimitives.ReadUInt32LittleEndian(image[(need + 12)..]); // vna_next
        }

        return marked;
    }

    private static ReadOnlySpan<byte> SectionHeader(ReadOnlySpan<byte> image, int index)
    {
        const int Size = 64;
        int table = checked((int)BinaryPrimitives.ReadUInt64LittleEndian(image[0x28..]));
        return image.Slice(table + (index * Size), Size);
    }

    private static int SectionOffset(ReadOnlySpan<byte> section) =>
        checked((int)BinaryPrimitives.ReadUInt64LittleEndian(section[0x18..]));
}

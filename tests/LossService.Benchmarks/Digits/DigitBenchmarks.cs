using System.Buffers;
using System.Numerics;
using System.Runtime.InteropServices;
using System.Text.Json;
using LossService.Benchmarks.Harness;

namespace LossService.Benchmarks.Digits;

/// <summary>A million numbers from JSON text and back, against what .NET and C++ offer.</summary>
internal static class DigitBenchmarks
{
    /// <summary>The rows, and what should be said beside them.</summary>
    public static (IReadOnlyList<Row> Rows, IReadOnlyList<string> Notes) Run(bool toy, Action<string> say)
    {
        var notes = new List<string>();
        string? program = NativeDigits.Compile(toy, out string? whyNot);
        if (program is null)
        {
            notes.Add($"No C++ peers: {whyNot}");
        }

        var rows = new List<Row>();
        Run<float>("float32", program, toy, rows, notes, say);
        Run<double>("float64", program, toy, rows, notes, say);
        return (rows, notes);
    }

    private static void Run<T>(
        string dtype, string? program, bool toy, List<Row> rows, List<string> notes, Action<string> say)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        var matrix = new DigitMatrix<T>(toy ? 4 : 1024, toy ? 25 : 1000);
        using var files = new Files(matrix.Text, MemoryMarshal.AsBytes(matrix.Values.AsSpan()));
        using NativeDigits? native =
            program is null ? null : NativeDigits.Start(program, dtype, files.Text, files.Values, matrix.Rows);
        if (native is { Simdjson: null } && notes.Count == 0)
        {
            notes.Add("No simdjson: install libsimdjson-dev.");
        }
        else if (native is not null)
        {
            notes.Add($"{dtype}: {matrix.Values.Length} numbers, {matrix.Text.Length} bytes of text; {native.Simdjson}.");
        }

        Hold($"read {dtype}", toy, rows, say, new Local("NumberReader.ReadRun", matrix.ReadOurs, matrix.CheckRead),
            (native?.Entrant("simdjson on-demand", "simdjson"), 2),
            (new Local("Utf8JsonReader", matrix.ReadUtf8JsonReader, matrix.CheckRead), 8),
            (new Local($"JsonSerializer to {typeof(T).Name}[][]", matrix.ReadSerializer, matrix.CheckRead), null),
            (new Local("Utf8Parser", matrix.ReadParser, matrix.CheckRead), null),
            (native?.Entrant("std::from_chars", "from_chars"), null));

        var buffer = new ArrayBufferWriter<byte>(matrix.Written.Length);
        using var writer = new Utf8JsonWriter(buffer, new JsonWriterOptions { SkipValidation = true });
        Hold($"write {dtype}", toy, rows, say, new Local("NumberWriter.WriteRun", matrix.WriteOurs, matrix.CheckWritten),
            (native?.Entrant("std::to_chars", "to_chars"), 1.3),
            (new Local("Utf8JsonWriter", () => matrix.WriteUtf8JsonWriter(buffer, writer),
                () => matrix.CheckWritten(buffer.WrittenSpan)), 4.5),
            (new Local($"{typeof(T).Name}.TryFormat", matrix.WriteTryFormat, matrix.CheckWritten), null),
            (new Local("memcpy of the text", matrix.CopyText, matrix.CheckWritten), null));
    }

    private static void Hold(
        string work, bool toy, List<Row> rows, Action<string> say, Entrant ours,
        params (Entrant? Entrant, double? Target)[] peers)
    {
        say(work);
        Contest contest = Contest.Hold(
            work, [ours, .. peers.Select(peer => peer.Entrant).OfType<Entrant>()], toy ? Pace.Toy : Pace.Full);
        rows.AddRange(peers.Where(peer => peer.Entrant is not null)
            .Select(peer => contest.Compare(work, ours, peer.Entrant!, peer.Target)));
    }

    /// <summary>What the C++ program reads, for as long as it runs.</summary>
    private sealed class Files : IDisposable
    {
        private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("lossservice-digits-");

        public Files(ReadOnlySpan<byte> text, ReadOnlySpan<byte> values)
        {
            File.WriteAllBytes(Text, text);
            File.WriteAllBytes(Values, values);
        }

        public string Text => Path.Combine(_folder.FullName, "matrix.json");

        public string Values => Path.Combine(_folder.FullName, "matrix.raw");

        public void Dispose() => _folder.Delete(recursive: true);
    }
}

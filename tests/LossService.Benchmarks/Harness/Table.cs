using System.Globalization;
using System.Text;

namespace LossService.Benchmarks.Harness;

/// <summary>Rows as a Markdown table.</summary>
internal static class Table
{
    /// <summary>One line a row; the cost is shown in a unit of so many to the row's own.</summary>
    public static string Of(IReadOnlyList<Row> rows, string unit, double scale)
    {
        var text = new StringBuilder();
        text.Append($"| work | peer | threads | ours {unit} | theirs {unit} | theirs / ours | quartiles | min..max | rounds | target |\n");
        text.Append("|---|---|---|---|---|---|---|---|---|---|\n");
        foreach (Row row in rows)
        {
            Spread ratio = row.Ratio;
            text.Append(string.Create(
                CultureInfo.InvariantCulture,
                $"| {row.Work} | {row.Peer} | {row.Threads} | {Number(row.Ours * scale)} | {Number(row.Theirs * scale)} "));
            text.Append(string.Create(
                CultureInfo.InvariantCulture,
                $"| **{Number(ratio.Median)}x** | {Number(ratio.LowerQuartile)}..{Number(ratio.UpperQuartile)} "));
            text.Append(string.Create(
                CultureInfo.InvariantCulture,
                $"| {Number(ratio.Min)}..{Number(ratio.Max)} | {ratio.Count} | {Verdict(row)} |\n"));
        }

        return text.ToString();
    }

    /// <summary>Any columns, the first line being their names.</summary>
    public static string Of(IReadOnlyList<string[]> lines)
    {
        var text = new StringBuilder();
        for (int i = 0; i < lines.Count; i++)
        {
            text.Append($"| {string.Join(" | ", lines[i])} |\n");
            if (i == 0)
            {
                text.Append('|').Append(string.Concat(Enumerable.Repeat("---|", lines[0].Length))).Append('\n');
            }
        }

        return text.ToString();
    }

    /// <summary>Three digits that count.</summary>
    public static string Number(double value) => Math.Abs(value) switch
    {
        >= 100 => value.ToString("F0", CultureInfo.InvariantCulture),
        >= 10 => value.ToString("F1", CultureInfo.InvariantCulture),
        >= 1 => value.ToString("F2", CultureInfo.InvariantCulture),
        >= 0.001 => value.ToString("F4", CultureInfo.InvariantCulture),
        _ => value.ToString("G3", CultureInfo.InvariantCulture),
    };

    private static string Verdict(Row row) => row.Target is not { } target
        ? ""
        : string.Create(CultureInfo.InvariantCulture, $"{target}x {(row.Ratio.Median >= target ? "reached" : "**missed**")}");
}

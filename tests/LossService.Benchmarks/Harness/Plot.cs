using System.Globalization;
using OxyPlot;
using OxyPlot.Axes;
using OxyPlot.Legends;
using OxyPlot.Series;

namespace LossService.Benchmarks.Harness;

/// <summary>A curve: its points, and its name; behind the last comma stands what differs within one subject.</summary>
internal sealed record Curve(string Name, IReadOnlyList<(double X, double Y)> Points)
{
    /// <summary>What its name says before the last comma.</summary>
    public string Subject => Name.LastIndexOf(", ", StringComparison.Ordinal) is > 0 and var comma ? Name[..comma] : Name;
}

/// <summary>Curves over logarithmic axes as an SVG file: a colour a subject, a stroke a curve of it.</summary>
internal static class Plot
{
    private static readonly OxyColor[] Colours =
    [
        OxyColor.FromRgb(0x00, 0x72, 0xB2), OxyColor.FromRgb(0xD5, 0x5E, 0x00), OxyColor.FromRgb(0x00, 0x9E, 0x73),
        OxyColor.FromRgb(0x7B, 0x3F, 0x98), OxyColor.FromRgb(0x44, 0x44, 0x44),
    ];

    private static readonly LineStyle[] Strokes = [LineStyle.Solid, LineStyle.Dash, LineStyle.Dot, LineStyle.DashDot];

    public static void Write(string file, string title, string x, string y, IReadOnlyList<Curve> curves)
    {
        var model = new PlotModel
        {
            Title = title,
            TitleFontSize = 14,
            Background = OxyColors.White,
            DefaultFont = "Arial, Helvetica, sans-serif",
            Padding = new OxyThickness(12, 24, 24, 12),
        };
        model.Legends.Add(new Legend
        {
            LegendPlacement = LegendPlacement.Outside,
            LegendPosition = LegendPosition.RightTop,
            LegendOrientation = LegendOrientation.Vertical,
            LegendFontSize = 11,
            LegendLineSpacing = 6,
        });
        model.Axes.Add(Axis(AxisPosition.Bottom, x));
        model.Axes.Add(Axis(AxisPosition.Left, y));
        string[] subjects = [.. curves.Select(curve => curve.Subject).Distinct()];
        foreach (Curve curve in curves)
        {
            int colour = Array.IndexOf(subjects, curve.Subject);
            int stroke = curves.Where(other => other.Subject == curve.Subject).TakeWhile(other => other != curve).Count();
            model.Series.Add(Line(curve, Colours[colour % Colours.Length], Strokes[stroke % Strokes.Length]));
        }

        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        using FileStream stream = File.Create(file);
        new SvgExporter { Width = 1150, Height = 560 }.Export(model, stream);
    }

    private static LineSeries Line(Curve curve, OxyColor colour, LineStyle stroke)
    {
        var line = new LineSeries
        {
            // The exporter believes that letters are narrower than a browser's, and cuts what it believes to be outside.
            Title = curve.Name + new string('\u00A0', curve.Name.Length),
            Color = colour,
            LineStyle = stroke,
            MarkerType = MarkerType.Circle,
            MarkerSize = 3,
        };
        line.Points.AddRange(curve.Points.Select(point => new DataPoint(point.X, point.Y)));
        return line;
    }

    private static LogarithmicAxis Axis(AxisPosition position, string title) => new()
    {
        Position = position,
        Title = title,
        MajorGridlineStyle = LineStyle.Solid,
        MajorGridlineColor = OxyColors.LightGray,
        UseSuperExponentialFormat = false,
        LabelFormatter = Short,
    };

    // A tick may lie a rounding below the power of ten that it means.
    private static string Short(double value) => value switch
    {
        >= 0.9999e6 => string.Create(CultureInfo.InvariantCulture, $"{value / 1e6:0.####}M"),
        >= 0.9999e3 => string.Create(CultureInfo.InvariantCulture, $"{value / 1e3:0.####}k"),
        _ => value.ToString("0.####", CultureInfo.InvariantCulture),
    };
}

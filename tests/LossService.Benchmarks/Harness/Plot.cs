using OxyPlot;
using OxyPlot.Axes;
using OxyPlot.Legends;
using OxyPlot.Series;

namespace LossService.Benchmarks.Harness;

/// <summary>A curve: its name and its points.</summary>
internal sealed record Curve(string Name, IReadOnlyList<(double X, double Y)> Points);

/// <summary>Curves over logarithmic axes as an SVG file.</summary>
internal static class Plot
{
    public static void Write(string file, string title, string x, string y, IReadOnlyList<Curve> curves)
    {
        var model = new PlotModel { Title = title, Background = OxyColors.White, TitleFontSize = 14 };
        model.Legends.Add(new Legend
        {
            LegendPlacement = LegendPlacement.Outside,
            LegendPosition = LegendPosition.BottomLeft,
            LegendOrientation = LegendOrientation.Horizontal,
            LegendFontSize = 11,
            LegendItemSpacing = 40, // a browser's letters are wider than the exporter believes
            LegendLineSpacing = 6,
        });
        model.Axes.Add(Axis(AxisPosition.Bottom, x));
        model.Axes.Add(Axis(AxisPosition.Left, y));
        foreach (Curve curve in curves)
        {
            var line = new LineSeries { Title = curve.Name, MarkerType = MarkerType.Circle, MarkerSize = 3 };
            line.Points.AddRange(curve.Points.Select(point => new DataPoint(point.X, point.Y)));
            model.Series.Add(line);
        }

        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        using FileStream stream = File.Create(file);
        new SvgExporter { Width = 900, Height = 560 }.Export(model, stream);
    }

    private static LogarithmicAxis Axis(AxisPosition position, string title) => new()
    {
        Position = position,
        Title = title,
        MajorGridlineStyle = LineStyle.Solid,
        MajorGridlineColor = OxyColors.LightGray,
        UseSuperExponentialFormat = false,
    };
}

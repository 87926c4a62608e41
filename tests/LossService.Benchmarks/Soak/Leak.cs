using System.Diagnostics.Metrics;
using System.Globalization;

namespace LossService.Benchmarks.Soak;

/// <summary>A planted bug: a measured process that keeps some memory for every request that it has answered. It lives here,
/// in the startup hook, and the service knows nothing of it.</summary>
internal static class Leak
{
    private const string Variable = "LOSSSERVICE_LEAK";

    private static readonly List<byte[]> Kept = [];

    /// <summary>The variable that a process is started with to leak so many bytes a request.</summary>
    public static (string Name, string Value) Of(int bytes) => (Variable, bytes.ToString(CultureInfo.InvariantCulture));

    /// <summary>Starts leaking, where the variable says so.</summary>
    public static void Plant()
    {
        if (Environment.GetEnvironmentVariable(Variable) is not { } text)
        {
            return;
        }

        int bytes = int.Parse(text, CultureInfo.InvariantCulture);
        var listener = new MeterListener
        {
            InstrumentPublished = (instrument, me) =>
            {
                if (instrument.Name == "http.server.request.duration")
                {
                    me.EnableMeasurementEvents(instrument);
                }
            },
        };
        listener.SetMeasurementEventCallback<double>((_, _, _, _) =>
        {
            lock (Kept)
            {
                Kept.Add(new byte[bytes]);
            }
        });
        listener.Start();
    }
}

using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json.Nodes;
using Serilog.Core;
using Serilog.Events;
using Serilog.Formatting.Compact;

namespace LossService.Tests.Api;

/// <summary>Keeps every log line as the service writes it in a container.</summary>
internal sealed class LogLines : ILogEventSink
{
    private static readonly RenderedCompactJsonFormatter Formatter = new();

    private readonly ConcurrentQueue<string> _lines = new();

    public IReadOnlyCollection<string> All => _lines;

    public void Emit(LogEvent logEvent)
    {
        using var text = new StringWriter(CultureInfo.InvariantCulture);
        Formatter.Format(logEvent, text);
        _lines.Enqueue(text.ToString());
    }

    /// <summary>The line of the request with this trace; the server writes it just after the answer has gone.</summary>
    public async Task<JsonNode> OfAsync(Func<JsonNode, bool> wanted)
    {
        for (int attempt = 0; attempt < 200; attempt++)
        {
            foreach (string line in _lines)
            {
                if (JsonNode.Parse(line) is { } node && wanted(node))
                {
                    return node;
                }
            }

            await Task.Delay(10);
        }

        throw new Xunit.Sdk.XunitException("No such log line.");
    }
}

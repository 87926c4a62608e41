using LossService.Engine.Numerics;
using Microsoft.AspNetCore.Connections;

namespace LossService.Tests.Faults;

/// <summary>What can go wrong on a request's way, each at any of its many moments.</summary>
public enum Fault
{
    /// <summary>The pool has nothing left to lend.</summary>
    Rent,

    /// <summary>The client leaves before a part of the body arrives, and the server says so by its token.</summary>
    ClientLeavesAtRead,

    /// <summary>The connection breaks before a part of the body arrives, and the token is late.</summary>
    ResetAtRead,

    /// <summary>There is no room to write to.</summary>
    Write,

    /// <summary>The client leaves before a part of the answer is sent.</summary>
    ClientLeavesAtFlush,

    /// <summary>Nobody reads the answer any more, and the token is late.</summary>
    ReaderGoneAtFlush,

    /// <summary>Sending fails as it never should.</summary>
    Flush,

    /// <summary>The client leaves just before the computation looks.</summary>
    ClientLeavesAtPoll,
}

/// <summary>Sends a request again and again, lets a fault strike at the first moment it can, then at the second, until one run
/// passes without it, and after each sees that nothing is left behind.</summary>
internal sealed class FaultLoop(ITarget target, IReadOnlyDictionary<string, WatchedLoss> losses)
{
    /// <summary>How many threads a request may use.</summary>
    public const int Threads = 2;

    private const int MomentsMax = 5000;

    /// <summary>How many runs were struck.</summary>
    public int Struck { get; private set; }

    /// <summary>Everything that is wrong; empty when nothing is.</summary>
    public async Task<List<string>> RunAsync(Call call, IEnumerable<Fault>? faults = null)
    {
        var findings = new List<string>();
        Reply sound = await target.SendAsync(call);
        if (sound.HoldsPoison && call.Method == "POST") // a document may speak of NaN
        {
            findings.Add($"{call.Loss}: the answer holds what a buffer held: {sound.Text}");
        }

        foreach (Fault fault in faults ?? Enum.GetValues<Fault>())
        {
            for (int moment = 0; ; moment++)
            {
                string about = $"{call.Method} {call.Path} {call.ContentType} {call.Accept}, {fault} {moment}";
                int errors = target.Errors;
                (Reply reply, bool struck, int after) = await StrikeAsync(call, fault, moment);
                Check(call, fault, reply, sound, struck, target.Errors - errors, about, findings);
                if (fault == Fault.ClientLeavesAtPoll && after > 2 * (Threads - 1)) // as another looks while the sign is given, and once more
                {
                    findings.Add($"{about}: {after} blocks were begun after the client had gone");
                }

                Reply next = await target.SendAsync(call);
                if (!next.Body.AsSpan().SequenceEqual(sound.Body) || next.Status != sound.Status)
                {
                    findings.Add($"{about}: the next answer differs: {next.Status} {next.Text[..Math.Min(200, next.Text.Length)]}");
                }

                if (!struck || moment == MomentsMax)
                {
                    break;
                }

                Struck++;
            }
        }

        return findings;
    }

    private async Task<(Reply Reply, bool Struck, int After)> StrikeAsync(Call call, Fault fault, int moment)
    {
        using var gone = new CancellationTokenSource();
        int left = moment;
        bool struck = false;
        bool Strikes() => Interlocked.Decrement(ref left) == -1 && (struck = true);
        void Leave()
        {
            if (Strikes())
            {
                gone.Cancel();
            }
        }

        void Throw(Exception exception)
        {
            if (Strikes())
            {
                throw exception;
            }
        }

        target.BeforeRent = fault == Fault.Rent ? bytes => Throw(new PoolExhaustedException(bytes)) : null;
        losses.GetValueOrDefault(call.Loss)?.Polling = fault == Fault.ClientLeavesAtPoll ? Leave : null;
        Reply reply = await target.SendAsync(call with
        {
            Gone = gone,
            BeforeRead = fault == Fault.ClientLeavesAtRead ? Leave
                : fault == Fault.ResetAtRead ? () => Throw(new ConnectionResetException("planted")) : null,
            BeforeRoom = fault == Fault.Write ? () => Throw(new IOException("planted")) : null,
            BeforeFlush = () =>
            {
                switch (fault)
                {
                    case Fault.ClientLeavesAtFlush:
                        Leave();
                        return false;
                    case Fault.Flush:
                        Throw(new IOException("planted"));
                        return false;
                    default:
                        return fault == Fault.ReaderGoneAtFlush && Strikes();
                }
            },
        });
        target.BeforeRent = null;
        losses.GetValueOrDefault(call.Loss)?.Polling = null;
        return (reply, struck, -1 - left);
    }

    private void Check(
        Call call, Fault fault, Reply reply, Reply sound, bool struck, int errors, string about, List<string> findings)
    {
        if (target.Pool.Leases != 0 || target.Pool.BytesLeased != 0)
        {
            findings.Add($"{about}: {target.Pool.Leases} leases of {target.Pool.BytesLeased} bytes stay out");
        }

        // The last flush only hands over what is whole already: with it the reader may have gone and the answer be right.
        bool isWhole = reply.Status == sound.Status && reply.Body.AsSpan().SequenceEqual(sound.Body);
        bool isAborted = reply.Aborted || reply.Status == 499;
        bool isInjected = fault switch
        {
            Fault.Rent => reply.Status == 429 && errors == 0,
            // The fault itself, and the request's line, which those of probes are too many for.
            Fault.Write or Fault.Flush => reply.Status == 500 && errors == (call.Path.StartsWith("/health", StringComparison.Ordinal) ? 1 : 2),
            _ => false,
        };
        bool mayBeWhole = !struck || fault is Fault.ReaderGoneAtFlush or Fault.ClientLeavesAtPoll;
        bool isHonest = isInjected && (reply.Text.Length == 0 || IsProblem(reply));
        if (!(isWhole && mayBeWhole && errors == 0) && !(struck && isAborted && errors <= 2) && !(struck && isHonest))
        {
            findings.Add($"{about}: struck {struck}, {errors} errors logged, aborted {reply.Aborted}, answered {reply.Status} "
                + reply.Text[..Math.Min(200, reply.Text.Length)]);
        }

        bool isClients = fault is not (Fault.Rent or Fault.Write or Fault.Flush);
        if (isClients && (errors > 0 || reply is { Status: >= 500, Aborted: false }))
        {
            findings.Add($"{about}: the client's going is called a fault of the service: {reply.Status}, {errors} errors");
        }
    }

    // Whole and alone: not behind what was written of an answer.
    private static bool IsProblem(Reply reply)
    {
        try
        {
            using var problem = System.Text.Json.JsonDocument.Parse(reply.Body);
            return problem.RootElement.TryGetProperty("code", out _);
        }
        catch (System.Text.Json.JsonException)
        {
            return false;
        }
    }
}

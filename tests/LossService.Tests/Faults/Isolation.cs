using System.Collections.Concurrent;
using LossService.Engine.Numerics;

namespace LossService.Tests.Faults;

/// <summary>Several clients at once, each with numbers of its own magnitude, in bodies of all sizes and formats, among errors,
/// refused buffers and clients that leave: every answer must have the bits that it had when its client was alone.</summary>
internal sealed class Isolation(Instance instance)
{
    /// <summary>How many clients there are.</summary>
    public const int Clients = 8;

    private const int FindingsMax = 10;
    private const int RentFaultEvery = 997;

    private readonly ConcurrentQueue<string> _findings = new();
    private long _answers;
    private long _elements;
    private long _broken;
    private int _rents;

    /// <summary>How many answers were compared.</summary>
    public long Answers => _answers;

    /// <summary>How many numbers stood in them.</summary>
    public long Elements => _elements;

    /// <summary>How many requests were refused, or left by their client.</summary>
    public long Broken => _broken;

    /// <summary>The first answers that held anything but their own client's numbers, and other faults.</summary>
    public IReadOnlyCollection<string> Findings => _findings;

    /// <summary>Bodies of one client; no two clients have a number in common.</summary>
    public static IReadOnlyList<Call> CallsOf(int client)
    {
        double magnitude = Math.Pow(4, client - 4);
        return
        [
            Bodies.Nested(3, 5, magnitude), Bodies.Nested(32, 10, magnitude), Bodies.Base64(17, 33, magnitude),
            Bodies.Safetensors(5, 3, magnitude), Bodies.Safetensors(64, 40, magnitude) with { Accept = Call.Json },
            Bodies.Nested(90, 70, magnitude) with { PieceBytes = 4 << 10, Accept = Call.Safetensors },
        ];
    }

    /// <summary>Sends so many requests, all clients together.</summary>
    /// <param name="requests">How many.</param>
    /// <param name="calls">What a client sends.</param>
    public async Task RunAsync(long requests, Func<int, IReadOnlyList<Call>> calls)
    {
        var own = new List<(Call Call, Reply Reply)>[Clients];
        for (int client = 0; client < Clients; client++)
        {
            own[client] = [];
            foreach (Call call in calls(client))
            {
                own[client].Add((call, await instance.SendAsync(call)));
            }
        }

        instance.BeforeRent = bytes =>
        {
            if (Interlocked.Increment(ref _rents) % RentFaultEvery == 0)
            {
                throw new PoolExhaustedException(bytes);
            }
        };
        await Task.WhenAll(Enumerable.Range(0, Clients).Select(client =>
            Task.Run(() => BeAsync(client, own[client], requests / Clients))));
        instance.BeforeRent = null;
        if (instance.Pool.Leases != 0 || instance.Pool.BytesLeased != 0)
        {
            Find($"{instance.Pool.Leases} leases stay out");
        }
    }

    private async Task BeAsync(int client, List<(Call Call, Reply Reply)> own, long requests)
    {
        var random = new Random(client);
        for (long i = 0; i < requests && _findings.Count < FindingsMax; i++)
        {
            (Call call, Reply alone) = own[random.Next(own.Count)];
            call = call with { HasLength = random.Next(2) == 0 };
            switch (random.Next(16))
            {
                case 0:
                    await LeaveAsync(call, random);
                    break;
                case 1:
                    Reply refused = await instance.SendAsync(call with { Body = call.Body[..random.Next(call.Body.Length)] });
                    Interlocked.Increment(ref _broken);
                    if (refused.Status is not (400 or 413 or 422 or 429))
                    {
                        Find($"client {client}, a part of a body: {refused.Status} {refused.Text}");
                    }

                    break;
                default:
                    Compare(client, call, alone, await instance.SendAsync(call));
                    break;
            }
        }
    }

    private async Task LeaveAsync(Call call, Random random)
    {
        using var gone = new CancellationTokenSource();
        int left = random.Next(6);
        void Leave()
        {
            if (Interlocked.Decrement(ref left) == -1)
            {
                gone.Cancel();
            }
        }

        await instance.SendAsync(call with
        {
            Gone = gone,
            PieceBytes = 1 + (call.Body.Length / 4),
            BeforeRead = Leave,
            BeforeFlush = () =>
            {
                Leave();
                return false;
            },
        });
        Interlocked.Increment(ref _broken);
    }

    private void Compare(int client, Call call, Reply alone, Reply reply)
    {
        if (reply.Status == 429)
        {
            Interlocked.Increment(ref _broken); // the refused buffer
            return;
        }

        Interlocked.Increment(ref _answers);
        Interlocked.Add(ref _elements, call.Elements);
        if (reply.Status != 200 || reply.HoldsPoison || !reply.Body.AsSpan().SequenceEqual(alone.Body))
        {
            int at = reply.Body.AsSpan().CommonPrefixLength(alone.Body);
            Find($"client {client}, {call.ContentType} to {call.Accept}: {reply.Status}, from byte {at} on another answer");
        }
    }

    private void Find(string finding)
    {
        if (_findings.Count < FindingsMax)
        {
            _findings.Enqueue(finding);
        }
    }

    /// <summary>Lets a pool lend one block to two: what a double return did before leases had generations.</summary>
    public static void PlantDoubleReturn(TensorPool pool, int bytes)
    {
        int size = System.Numerics.BitOperations.Log2((uint)bytes - 1) + 1;
        var block = new Block(pool, size, 1 << size);
        block.Generation = 1;
        pool.Return(block, 1);
        block.Generation = 1;
        pool.Return(block, 1);
    }
}

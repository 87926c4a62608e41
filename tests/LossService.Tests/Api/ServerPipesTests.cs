using System.Buffers;
using System.IO.Pipelines;
using LossService.Api.Admission;
using LossService.Wire.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Xunit;

namespace LossService.Tests.Api;

/// <summary>Where a body's pipes go on: the server's part on the server's threads, the request's on its turn.</summary>
public sealed class ServerPipesTests
{
    private const int Blocks = 10;
    private const int BlockBytes = (ServerPipes.PieceBytes / 3) + 1;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Pipes_OfATurn_ServeOutsideAndComeBack(bool aside)
    {
        using var threads = new ComputeThreads(1);
        using Turn turn = threads.Open(new JsonCodec(), 1, null);
        var server = new Server();
        var http = new DefaultHttpContext();
        http.Features.Set<IHttpResponseBodyFeature>(server);
        http.Features.Set<IRequestBodyPipeFeature>(server);
        BodyPipes pipes = aside ? ServerPipes.Of(http, http.Request.BodyReader) : new(http.Request.BodyReader, http.Response.BodyWriter);

        var done = new TaskCompletionSource();
        turn.Post(
            async _ =>
            {
                ReadResult read = await pipes.Request.ReadAsync();
                server.Notes.Add((false, SynchronizationContext.Current));
                pipes.Request.AdvanceTo(read.Buffer.End);
                pipes.Answer.Write("x"u8);
                await pipes.Answer.FlushAsync();
                server.Notes.Add((false, SynchronizationContext.Current));
                done.SetResult();
            },
            null);
        await done.Task.WaitAsync(TimeSpan.FromMinutes(1));

        // Begun and ended by the server, then by the request; a read and a flush.
        SynchronizationContext? servers = aside ? null : turn;
        Assert.Equal(
            [(true, servers), (true, servers), (false, turn), (true, servers), (true, servers), (false, turn)], server.Notes);
    }

    [Theory]
    [InlineData("HTTP/1.1", 4)]
    [InlineData("HTTP/2", 10)]
    public async Task Pipes_OfATurn_ComeBackForPiecesWorthIt(string protocol, int returns)
    {
        byte[] all = new byte[Blocks * BlockBytes];
        new Random(1).NextBytes(all);
        // Without the context of tests, everything here goes on where it is written.
        List<byte[]> found = await Task.Run(() => ReadAsync(protocol, all));
        Assert.Equal(all, found.SelectMany(piece => piece));
        Assert.Equal(returns, found.Count);
    }

    private static async Task<List<byte[]>> ReadAsync(string protocol, byte[] all)
    {
        var pipe = new Pipe(new PipeOptions(
            readerScheduler: PipeScheduler.Inline, writerScheduler: PipeScheduler.Inline, pauseWriterThreshold: 0));
        var http = new DefaultHttpContext();
        http.Request.Protocol = protocol;
        http.Features.Set<IRequestBodyPipeFeature>(new Body(pipe.Reader));
        PipeReader reader = ServerPipes.Of(http, http.Request.BodyReader).Request;
        var found = new List<byte[]>();
        for (int at = 0; at < all.Length;)
        {
            ValueTask<ReadResult> reading = reader.ReadAsync();
            while (!reading.IsCompleted)
            {
                Assert.True(at < all.Length, "a body that has ended is waited for");
                await pipe.Writer.WriteAsync(all.AsMemory(at, BlockBytes));
                at += BlockBytes;
                if (at == all.Length)
                {
                    await pipe.Writer.CompleteAsync();
                }
            }

            ReadResult result = await reading;
            found.Add(result.Buffer.ToArray());
            reader.AdvanceTo(result.Buffer.End);
        }

        return found;
    }

    private sealed record Body(PipeReader Reader) : IRequestBodyPipeFeature;

    // A server whose reads and flushes take a while, and that notes where they begin and go on.
    private sealed class Server : IHttpResponseBodyFeature, IRequestBodyPipeFeature
    {
        public List<(bool IsServers, SynchronizationContext? Context)> Notes { get; } = [];

        public PipeReader Reader => new SlowReader(this);

        public PipeWriter Writer => new SlowWriter(this);

        public Stream Stream => Stream.Null;

        public Task CompleteAsync() => Task.CompletedTask;

        public void DisableBuffering()
        {
        }

        public Task SendFileAsync(string path, long offset, long? count, CancellationToken cancellationToken = default) =>
            Task.CompletedTask;

        public Task StartAsync(CancellationToken cancellationToken = default) => Task.CompletedTask;

        private async ValueTask<T> TakeTimeAsync<T>(T result)
        {
            Notes.Add((true, SynchronizationContext.Current));
            await Task.Delay(1);
            Notes.Add((true, SynchronizationContext.Current));
            return result;
        }

        private sealed class SlowReader(Server server) : PipeReader
        {
            public override void AdvanceTo(SequencePosition consumed)
            {
            }

            public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
            {
            }

            public override void CancelPendingRead()
            {
            }

            public override void Complete(Exception? exception = null)
            {
            }

            public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default) =>
                server.TakeTimeAsync(new ReadResult(new ReadOnlySequence<byte>(new byte[1]), false, true));

            public override bool TryRead(out ReadResult result) => throw new NotSupportedException();
        }

        private sealed class SlowWriter(Server server) : PipeWriter
        {
            private readonly byte[] _room = new byte[64];

            public override void Advance(int bytes)
            {
            }

            public override void CancelPendingFlush()
            {
            }

            public override void Complete(Exception? exception = null)
            {
            }

            public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default) =>
                server.TakeTimeAsync(new FlushResult(false, false));

            public override Memory<byte> GetMemory(int sizeHint = 0) => _room;

            public override Span<byte> GetSpan(int sizeHint = 0) => _room;
        }
    }
}

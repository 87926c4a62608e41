using Microsoft.AspNetCore.RequestDecompression;

namespace LossService.Api;

/// <summary>Unpacks a body, and refuses one that goes on behind the end of what was packed.</summary>
/// <remarks>The framework's streams stop there and say nothing. They are given the last byte of the body by itself: it
/// is taken only by a stream that wants it. One of gzip, behind whose end another may follow, then also asks for
/// more.</remarks>
internal sealed class PackedBody(Func<Stream, Stream> unpack, bool mayFollow) : IDecompressionProvider
{
    /// <inheritdoc/>
    public Stream GetDecompressionStream(Stream stream)
    {
        var packed = new LastByteAlone(stream);
        return new Unpacked(unpack(packed), packed, mayFollow);
    }

    /// <summary>What the framework makes of it, and the end.</summary>
    private sealed class Unpacked(Stream unpacking, LastByteAlone packed, bool mayFollow) : ReadOnlyStream
    {
        public override async ValueTask<int> ReadAsync(
            Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            int count = await unpacking.ReadAsync(buffer, cancellationToken);
            if (count == 0 && buffer.Length > 0 && !(mayFollow ? packed.HasSaidSo : packed.IsAtEnd))
            {
                throw new InvalidDataException("The body goes on behind the end of what was packed.");
            }

            return count;
        }

        protected override void Dispose(bool disposing)
        {
            if (disposing)
            {
                unpacking.Dispose();
            }

            base.Dispose(disposing);
        }
    }

    /// <summary>Hands on a body, and its last byte in a read of its own.</summary>
    private sealed class LastByteAlone(Stream body) : ReadOnlyStream
    {
        private byte _held;
        private bool _holds;

        /// <summary>True when all was taken.</summary>
        public bool IsAtEnd { get; private set; }

        /// <summary>True when somebody asked for more than all.</summary>
        public bool HasSaidSo { get; private set; }

        public override async ValueTask<int> ReadAsync(
            Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (IsAtEnd || buffer.Length == 0)
            {
                HasSaidSo |= IsAtEnd;
                return 0;
            }

            if (!_holds)
            {
                Memory<byte> first = new byte[1];
                _holds = await body.ReadAsync(first, cancellationToken) == 1;
                _held = first.Span[0];
            }

            int count = _holds ? await body.ReadAsync(buffer, cancellationToken) : 0;
            if (count == 0)
            {
                IsAtEnd = true;
                HasSaidSo = !_holds;
                buffer.Span[0] = _held;
                return _holds ? 1 : 0;
            }

            // The held byte goes before what came, the last of which is held in turn.
            byte last = buffer.Span[count - 1];
            buffer.Span[..(count - 1)].CopyTo(buffer.Span[1..]);
            buffer.Span[0] = _held;
            _held = last;
            return count;
        }
    }

    /// <summary>What the server reads, and in no other way.</summary>
    private abstract class ReadOnlyStream : Stream
    {
        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public abstract override ValueTask<int> ReadAsync(
            Memory<byte> buffer, CancellationToken cancellationToken = default);

        public override Task<int> ReadAsync(
            byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
            ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}

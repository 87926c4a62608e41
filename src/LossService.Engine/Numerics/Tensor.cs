using System.Diagnostics;
using System.Runtime.InteropServices;

namespace LossService.Engine.Numerics;

/// <summary>How one element of a tensor is stored.</summary>
public enum Element
{
    /// <summary>A 4-byte float.</summary>
    Float32,

    /// <summary>An 8-byte float.</summary>
    Float64,

    /// <summary>A 4-byte label; see <see cref="Labels"/> for the two values that are none.</summary>
    Label,

    /// <summary>One byte, 0 or 1.</summary>
    Flag,
}

/// <summary>How a tensor was written in the request, so that an answer can mirror it.</summary>
public enum TensorForm
{
    /// <summary>Arrays in arrays.</summary>
    Nested,

    /// <summary>A shape and a flat array.</summary>
    Flat,

    /// <summary>A shape and base64 text.</summary>
    Base64,
}

/// <summary>A shape and the pooled buffer that holds its elements in row-major order.</summary>
/// <remarks>Owns its lease: whoever holds a tensor disposes it once. Not thread-safe in its life, but its elements may
/// be read and written by several threads at different places.</remarks>
public sealed class Tensor : IDisposable
{
    private readonly Lease _lease;

    private Tensor(Lease lease, Shape shape, Element element)
    {
        _lease = lease;
        Shape = shape;
        Element = element;
    }

    /// <summary>The lengths of the axes.</summary>
    public Shape Shape { get; }

    /// <summary>What one element is.</summary>
    public Element Element { get; }

    /// <summary>How the tensor was written; an answer takes it from its input.</summary>
    public TensorForm Form { get; init; }

    /// <summary>True for a bare <c>[]</c>, which is an empty batch of whatever rank the loss expects.</summary>
    public bool IsBareEmpty { get; init; }

    /// <summary>The elements as 4-byte floats.</summary>
    public Span<float> Float32 => As<float>(Element.Float32);

    /// <summary>The elements as 8-byte floats.</summary>
    public Span<double> Float64 => As<double>(Element.Float64);

    /// <summary>The elements as labels.</summary>
    public Span<int> Label => As<int>(Element.Label);

    /// <summary>The elements as bytes, 0 or 1.</summary>
    public Span<byte> Flag => As<byte>(Element.Flag);

    /// <summary>The raw bytes, exactly as many as the shape needs.</summary>
    public Span<byte> Bytes => _lease.Bytes[..(Shape.Elements * SizeOf(Element))];

    /// <summary>Rents a tensor. Its elements are whatever the buffer held: write every one.</summary>
    public static Tensor Rent(TensorPool pool, Shape shape, Element element, TensorForm form = TensorForm.Nested)
    {
        ArgumentNullException.ThrowIfNull(pool);
        return new(pool.Rent((long)shape.Elements * SizeOf(element)), shape, element) { Form = form };
    }

    /// <summary>Rents a vector for numbers of our own, however many a request has come to: more than the pool lends at
    /// all is its refusal.</summary>
    public static Tensor RentVector(TensorPool pool, long length, Element element)
    {
        ArgumentNullException.ThrowIfNull(pool);
        Lease lease = pool.Rent(length * SizeOf(element));
        return new(lease, new Shape((int)length), element);
    }

    /// <summary>Rents a tensor with the shape and form of another, for its gradient.</summary>
    public static Tensor Like(TensorPool pool, Tensor other, Element element)
    {
        ArgumentNullException.ThrowIfNull(pool);
        ArgumentNullException.ThrowIfNull(other);
        return new(pool.Rent((long)other.Shape.Elements * SizeOf(element)), other.Shape, element)
        {
            Form = other.Form,
            IsBareEmpty = other.IsBareEmpty,
        };
    }

    /// <summary>Takes over a lease that already holds the elements.</summary>
    public static Tensor Adopt(
        Lease lease, Shape shape, Element element, TensorForm form = TensorForm.Nested, bool bareEmpty = false)
    {
        Debug.Assert(lease.Bytes.Length >= shape.Elements * SizeOf(element), "the lease is large enough");
        return new(lease, shape, element) { Form = form, IsBareEmpty = bareEmpty };
    }

    /// <summary>How many bytes one element takes.</summary>
    public static int SizeOf(Element element) => element switch
    {
        Element.Float64 => 8,
        Element.Flag => 1,
        _ => 4,
    };

    /// <summary>The floats as <typeparamref name="T"/>, which must be the stored type.</summary>
    public Span<T> Values<T>() where T : unmanaged =>
        As<T>(typeof(T) == typeof(double) ? Element.Float64 : Element.Float32);

    /// <summary>One float, whichever width it has; for messages and rare paths.</summary>
    public double ValueAt(int offset) => Element switch
    {
        Element.Float64 => Float64[offset],
        Element.Float32 => Float32[offset],
        Element.Label => Label[offset],
        _ => Flag[offset],
    };

    /// <inheritdoc/>
    public void Dispose() => _lease.Dispose();

    private Span<T> As<T>(Element element) where T : unmanaged
    {
        Debug.Assert(element == Element, "a tensor is read as what it holds");
        return MemoryMarshal.Cast<byte, T>(Bytes);
    }
}

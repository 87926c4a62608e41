namespace LossService.Wire.Numbers;

/// <summary>How the reading of one number ended. Each value says where <c>consumed</c> then stands.</summary>
public enum NumberStatus
{
    /// <summary>A number was read; <c>consumed</c> is its length.</summary>
    Ok,

    /// <summary>The text ended inside the number, or right after it where it may go on; <c>consumed</c> is 0:
    /// come back with more text behind it. Never returned when the text is final.</summary>
    Incomplete,

    /// <summary>Not a number of RFC 8259; <c>consumed</c> is the offset of the first byte that is wrong, the text's
    /// length if a byte is missing.</summary>
    Malformed,

    /// <summary>Rounds beyond the largest finite value; the value is an infinity of the right sign and
    /// <c>consumed</c> is the number's length, so that the caller can go on.</summary>
    Overflow,

    /// <summary>Longer than <see cref="NumberReader.LengthMax"/>; <c>consumed</c> is 0.</summary>
    TooLong,
}

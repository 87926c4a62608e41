namespace LossService.Wire.Numbers;

/// <summary>Where and why the reading of a run of numbers stopped.</summary>
public enum RunStatus
{
    /// <summary>Behind a number and the whitespace after it. The next byte is not a comma (a <c>]</c>, or something
    /// unexpected), or the destination is full (then it may be a comma), or the text ended.</summary>
    AfterNumber,

    /// <summary>Where a number should start, whitespace skipped, before a byte that starts none: behind a comma
    /// a <c>]</c> there is a trailing comma. At the end of the text only if the text is final.</summary>
    BeforeNumber,

    /// <summary>Where a number should start, but the text ends there or inside the number or right after it: come
    /// back with the text from <c>consumed</c> on and more behind it. Never returned when the text is final.</summary>
    Incomplete,

    /// <summary>At the start of something that begins like a number and is none; <c>Read</c> there tells which
    /// byte is wrong.</summary>
    Malformed,

    /// <summary>At the start of a number that overflows; <c>Read</c> there gives its length and its infinity.
    /// </summary>
    Overflow,

    /// <summary>At the start of a number longer than <see cref="NumberReader.LengthMax"/>.</summary>
    TooLong,
}

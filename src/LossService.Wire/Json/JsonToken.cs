namespace LossService.Wire.Json;

/// <summary>What a <see cref="JsonScanner"/> came across.</summary>
internal enum JsonToken : byte
{
    /// <summary>Nothing yet: the bytes at hand are used up.</summary>
    None,

    /// <summary>An opening brace.</summary>
    ObjectStart,

    /// <summary>A closing brace.</summary>
    ObjectEnd,

    /// <summary>An opening bracket.</summary>
    ArrayStart,

    /// <summary>A closing bracket.</summary>
    ArrayEnd,

    /// <summary>A member's name, unescaped.</summary>
    Name,

    /// <summary>A string value, unescaped.</summary>
    String,

    /// <summary>A part of a string value that is streamed, unescaped.</summary>
    TextPart,

    /// <summary>The end of a string value that is streamed.</summary>
    TextEnd,

    /// <summary>A number, as written; its grammar is known to be right.</summary>
    Number,

    /// <summary>The word true.</summary>
    True,

    /// <summary>The word false.</summary>
    False,

    /// <summary>The word null.</summary>
    Null,

    /// <summary>Something that is not JSON, or beyond a limit; <see cref="JsonScanner.Fault"/> says what.</summary>
    Fault,
}

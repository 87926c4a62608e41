using LossService.Engine;

namespace LossService.Wire;

/// <summary>What a problem code means, whoever meets it; served at <see cref="Type"/>.</summary>
/// <param name="Code">The stable name.</param>
/// <param name="Status">The HTTP status it usually comes with.</param>
/// <param name="Title">The code in words.</param>
/// <param name="Meaning">What was wrong, in a sentence or two.</param>
/// <param name="Remedy">What to do about it.</param>
public sealed record ProblemKind(string Code, int Status, string Title, string Meaning, string Remedy)
{
    /// <summary>The page of this code, relative to the service.</summary>
    public string Type { get; } = "/problems/" + Code;
}

/// <summary>Every problem code, one entry each.</summary>
public static class ProblemKinds
{
    /// <summary>A fault of the service, never of the input.</summary>
    public const string InternalError = "internal_error";

    /// <summary>All kinds, by status and then as they are met.</summary>
    public static IReadOnlyList<ProblemKind> All { get; } =
    [
        new(Codes.MalformedJson, 400, "Malformed body",
            "The body breaks the grammar of JSON (RFC 8259) or the rules of its binary format, or ended before its end. The detail says where.",
            "Send strict JSON: no comments, no trailing commas, no bare NaN; write \"NaN\", \"Infinity\", \"-Infinity\" as strings. In a binary body every byte belongs to one tensor."),
        new(Codes.DuplicateMember, 400, "Member given twice",
            "A member stands twice in the body, or a query parameter twice in the query, so it is unclear which one counts.",
            "Send it once."),
        new(Codes.WrongType, 400, "Wrong JSON type",
            "A member has another JSON type than its card says: a string where a number belongs, a boolean among numbers, a number beside arrays.",
            "Compare the member with the card at /v1/losses/{loss}."),
        new(Codes.UnknownLoss, 404, "No such loss",
            "The catalogue has no loss of this name.",
            "Take a name from the suggestions or from /v1/losses."),
        new(Codes.NotFound, 404, "Nothing here",
            "The service has nothing at this path.",
            "See /swagger for everything there is."),
        new(Codes.MethodNotAllowed, 405, "Method not allowed",
            "The path exists, but not for this method.",
            "Use a method from the Allow header."),
        new(Codes.NotAcceptable, 406, "Cannot answer in that format",
            "The Accept header excludes every format that the service can answer in.",
            "Accept one of the formats that /v1/info lists, or leave the header out."),
        new(Codes.LimitExceeded, 413, "A limit is exceeded",
            "The request (413) or its head (431) is larger, deeper or longer than the service takes in. The error names the limit.",
            "Send less at a time; /v1/info lists every limit with its value and its reason."),
        new(Codes.UnsupportedMediaType, 415, "Cannot read that format",
            "The Content-Type or Content-Encoding of the body is missing or is none that the service reads.",
            "Send Content-Type: application/json in UTF-8, or another of the formats that /v1/info lists; Content-Encoding may be gzip or deflate."),
        new(Codes.UnknownMember, 422, "Unknown member",
            "A member or query parameter is neither an input nor a parameter of this loss, nor common to all.",
            "Take the suggested name, or one from the card at /v1/losses/{loss}."),
        new(Codes.MissingInput, 422, "An input is missing",
            "The loss cannot be computed without this input.",
            "Add it; the card says what it is and which shape it has."),
        new(Codes.RaggedArray, 422, "Rows differ in length",
            "A nested array does not describe a tensor: arrays of one depth differ in length.",
            "Make all rows equally long, or send {\"shape\": [...], \"data\": [...]}."),
        new(Codes.ShapeMismatch, 422, "Shapes do not agree",
            "An input's shape does not fit that of the input which comes first on the card. Nothing is broadcast silently.",
            "Send the shape that the error expects."),
        new(Codes.RankMismatch, 422, "Wrong number of axes",
            "An input has more or fewer axes than any shape on its card.",
            "Send one of the shapes that the error expects."),
        new(Codes.ClassOutOfRange, 422, "No such class",
            "A label is a whole number that names no class: it is negative, or not below the number of classes.",
            "Labels run from 0 to C - 1; ignore_index, where the loss has it, marks labels to skip."),
        new(Codes.DomainError, 422, "Value outside its range",
            "An element lies outside the range on its input's card, such as a probability above 1 or a negative weight, or is no whole number where a label stands.",
            "Correct the element that the index points at, or mask it."),
        new(Codes.NonFiniteInput, 422, "Not a finite number",
            "Targets, weights or parameters hold a NaN or an infinity; only predictions may.",
            "Correct the element that the index points at, or mask it."),
        new(Codes.NonFiniteOutput, 422, "The answer is not finite",
            "The answer holds a NaN or an infinity and the request says non_finite: \"error\".",
            "Correct the inputs, or take non_finite: \"string\" or \"null\"."),
        new(Codes.NumberOverflow, 422, "Number too large",
            "A number's text is beyond the greatest value of the dtype, such as 1e400.",
            "Send a smaller number, dtype float64, or \"Infinity\" where the input allows it."),
        new(Codes.DtypeUnsupported, 422, "No such dtype",
            "The dtype is none that the service computes in, or none that this input is read from.",
            "Use float32 or float64; for a tensor, one of those that the error expects."),
        new(Codes.ParameterOutOfRange, 422, "Parameter out of range",
            "A parameter's value is outside the range, or none of the words, on its card.",
            "Take a value that the error expects."),
        new(Codes.OptionConflict, 422, "These do not go together",
            "Two members contradict each other, or a member asks for something that this loss does not have.",
            "Leave one of them out."),
        new(Codes.GradientNotAvailable, 422, "No such gradient",
            "gradients names an input that was not given, or that has no gradient: a label, a weight, a mask.",
            "Name only inputs whose card gives a gradient."),
        new(Codes.EmptyReduction, 422, "Nothing to reduce",
            "Every item is masked or ignored, or there was none, and the request says empty: \"error\".",
            "Send something to reduce, or take empty: \"zero\" or \"nan\"."),
        new(InternalError, 500, "A fault of the service",
            "The service failed; the request may have been right. Nothing was half-computed into the answer.",
            "Try again; if it fails again, report the trace_id."),
        new(Codes.Overloaded, 429, "Too much to do",
            "The service has as much work or memory in use as it allows itself.",
            "Try again after the seconds that Retry-After says and up to as many more, drawn at random; let retries be at "
            + "most a tenth of what is sent, or send less at a time."),
        new(Codes.Draining, 503, "Shutting down",
            "This instance finishes what it began and takes nothing new.",
            "Try again; another instance will answer."),
        new(Codes.Timeout, 504, "Out of time",
            "The answer would have come after the caller's deadline (504), or the request arrived too slowly (408).",
            "Send less at a time, or faster."),
    ];

    private static readonly Dictionary<string, ProblemKind> ByCode = All.ToDictionary(kind => kind.Code);

    /// <summary>The kind of this code, or null.</summary>
    public static ProblemKind? Find(string code) => ByCode.GetValueOrDefault(code);
}

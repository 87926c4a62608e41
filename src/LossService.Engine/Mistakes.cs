namespace LossService.Engine;

/// <summary>One thing that is wrong with a request.</summary>
/// <param name="Pointer">JSON Pointer to the member, such as <c>/targets</c>.</param>
/// <param name="Code">One of the codes explained at <c>/problems/{code}</c>.</param>
/// <param name="Detail">A sentence made of our own words, numbers and pointers.</param>
public sealed record Mistake(string Pointer, string Code, string Detail)
{
    /// <summary>What would have been right.</summary>
    public string? Expected { get; init; }

    /// <summary>What stood there.</summary>
    public string? Found { get; init; }

    /// <summary>The first element concerned, axis by axis.</summary>
    public IReadOnlyList<int>? Index { get; init; }

    /// <summary>How many elements are concerned.</summary>
    public int? Count { get; init; }

    /// <summary>The limit that was passed, as <c>/v1/info</c> names it.</summary>
    public string? Limit { get; init; }
}

/// <summary>Everything wrong with one request, at most one entry an input and code.</summary>
public sealed class Mistakes
{
    /// <summary>How many mistakes an answer lists.</summary>
    public const int CountMax = 20;

    private readonly List<Mistake> _all = [];

    /// <summary>The mistakes in the order they were found.</summary>
    public IReadOnlyList<Mistake> All => _all;

    /// <summary>True when there were more than <see cref="CountMax"/>.</summary>
    public bool Truncated { get; private set; }

    /// <summary>True as long as nothing is wrong.</summary>
    public bool IsEmpty => _all.Count == 0;

    /// <summary>Takes note of a mistake, unless its input already has one of that code.</summary>
    public void Add(Mistake mistake)
    {
        ArgumentNullException.ThrowIfNull(mistake);
        if (Has(mistake.Pointer, mistake.Code))
        {
            return;
        }

        if (_all.Count == CountMax)
        {
            Truncated = true;
            int least = _all.FindLastIndex(known => RankOf(known.Code) < RankOf(mistake.Code));
            if (least < 0)
            {
                return;
            }

            _all.RemoveAt(least);
        }

        _all.Add(mistake);
    }

    /// <summary>True when the input already has a mistake of that code, or of any code when none is named.</summary>
    public bool Has(string pointer, string? code = null)
    {
        foreach (Mistake known in _all)
        {
            if (known.Pointer == pointer && (code is null || known.Code == code))
            {
                return true;
            }
        }

        return false;
    }

    // What ends the reading, and then what else decides the status, must not be what is cut off.
    private static int RankOf(string code) => code switch
    {
        Codes.MalformedJson or Codes.LimitExceeded => 2,
        Codes.WrongType or Codes.DuplicateMember => 1,
        _ => 0,
    };
}

/// <summary>The closed list of problem codes; each has a page at <c>/problems/{code}</c>.</summary>
public static class Codes
{
#pragma warning disable CS1591 // Each code's meaning stands on its problem page, from one table in Wire.
    public const string MalformedJson = "malformed_json";
    public const string UnknownMember = "unknown_member";
    public const string DuplicateMember = "duplicate_member";
    public const string MissingInput = "missing_input";
    public const string WrongType = "wrong_type";
    public const string RaggedArray = "ragged_array";
    public const string ShapeMismatch = "shape_mismatch";
    public const string RankMismatch = "rank_mismatch";
    public const string ClassOutOfRange = "class_out_of_range";
    public const string DomainError = "domain_error";
    public const string NonFiniteInput = "non_finite_input";
    public const string NonFiniteOutput = "non_finite_output";
    public const string NumberOverflow = "number_overflow";
    public const string DtypeUnsupported = "dtype_unsupported";
    public const string LimitExceeded = "limit_exceeded";
    public const string UnknownLoss = "unknown_loss";
    public const string NotFound = "not_found";
    public const string MethodNotAllowed = "method_not_allowed";
    public const string ParameterOutOfRange = "parameter_out_of_range";
    public const string OptionConflict = "option_conflict";
    public const string GradientNotAvailable = "gradient_not_available";
    public const string EmptyReduction = "empty_reduction";
    public const string UnsupportedMediaType = "unsupported_media_type";
    public const string NotAcceptable = "not_acceptable";
    public const string Overloaded = "overloaded";
    public const string Draining = "draining";
    public const string Timeout = "timeout";
#pragma warning restore CS1591
}

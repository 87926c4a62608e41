using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace LossService.Api.Pages;

/// <summary>How pages are spelled: snake_case, indented, formulas and Greek letters readable, nothing that is
/// absent.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(CatalogueView))]
[JsonSerializable(typeof(CardView))]
[JsonSerializable(typeof(InfoView))]
[JsonSerializable(typeof(ProblemKindView))]
[JsonSerializable(typeof(StatusView))]
internal sealed partial class PageJson : JsonSerializerContext
{
    /// <summary>The context to use: the answers say nosniff, so nothing needs escaping for HTML.</summary>
    public static PageJson Readable { get; } = new(new JsonSerializerOptions
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        WriteIndented = true,
    });
}

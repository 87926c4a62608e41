using LossService.Tests.Tidy;

namespace LossService.Tests.Engine.Harness;

/// <summary>Committed expectations, in the folder Golden.</summary>
internal static class GoldenFile
{
    /// <summary>True when this run is to write them anew rather than to hold the engine against them.</summary>
    public static bool IsUpdating => Environment.GetEnvironmentVariable("LOSSSERVICE_UPDATE_GOLDEN") == "1";

    public static string PathOf(string name) => House.PathOf("tests/LossService.Tests/Golden/" + name);

    public static string Read(string name) => File.ReadAllText(PathOf(name));
}

using LossService.Engine;
using Xunit;

namespace LossService.Tests.Engine;

/// <summary>Which mistakes an answer lists when there are more than it lists.</summary>
public sealed class MistakesTests
{
    [Theory]
    [InlineData(Codes.MalformedJson)]
    [InlineData(Codes.LimitExceeded)]
    [InlineData(Codes.WrongType)]
    [InlineData(Codes.DuplicateMember)]
    public void Mistake_ThatDecidesTheStatus_IsListedWhereverItStands(string code)
    {
        Mistakes mistakes = Unknown(Mistakes.CountMax);
        mistakes.Add(new("/late", code, "late"));
        Assert.Equal((Mistakes.CountMax, true), (mistakes.All.Count, mistakes.Truncated));
        Assert.Equal(code, mistakes.All[^1].Code);
        Assert.All(mistakes.All.Take(Mistakes.CountMax - 1), known => Assert.Equal(Codes.UnknownMember, known.Code));
    }

    [Fact]
    public void Mistake_ThatEndsTheReading_IsListedBehindThoseThatOnlyDecideTheStatus()
    {
        Mistakes mistakes = Unknown(0);
        for (int i = 0; i < 2 * Mistakes.CountMax; i++)
        {
            mistakes.Add(new($"/{i}", Codes.WrongType, "wrong"));
        }

        mistakes.Add(new("/late", Codes.UnknownMember, "late"));
        mistakes.Add(new("", Codes.MalformedJson, "broken"));
        Assert.Equal(Mistakes.CountMax, mistakes.All.Count);
        Assert.Equal(Codes.MalformedJson, mistakes.All[^1].Code);
        Assert.False(mistakes.Has("/late"));
    }

    private static Mistakes Unknown(int count)
    {
        var mistakes = new Mistakes();
        for (int i = 0; i < count; i++)
        {
            mistakes.Add(new($"/{i}", Codes.UnknownMember, "unknown"));
        }

        return mistakes;
    }
}

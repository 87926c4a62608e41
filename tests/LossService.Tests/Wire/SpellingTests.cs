using LossService.Wire;
using Xunit;

namespace LossService.Tests.Wire;

/// <summary>Which names a word may have been meant for.</summary>
public sealed class SpellingTests
{
    private static readonly string[] Names =
    [
        "varifocal_loss", "softmax_focal_loss", "sigmoid_focal_loss", "focal_loss", "l2_loss", "l1_loss", "mae", "mse",
        "mse_loss", "mse_loss", "hinge_loss",
    ];

    [Theory]
    [InlineData("mse_los", "mse_loss")]
    [InlineData("MSE_LSS", "mse_loss")]
    [InlineData("Mze", "mae,mse")] // one letter of three
    [InlineData("zz")]
    [InlineData("l1", "l1_loss")] // a name's first word
    [InlineData("L1", "l1_loss")]
    [InlineData("focal", "focal_loss,varifocal_loss,softmax_focal_loss")] // three at most, the closest first
    [InlineData("moid_foc", "sigmoid_focal_loss")] // a part of one
    [InlineData("HINGE", "hinge_loss")]
    [InlineData("hinge_lsos", "hinge_loss")]
    [InlineData("")]
    public void Near_AWord_HasTheClosestNamesFirst(string word, string names = "") =>
        Assert.Equal(names, string.Join(',', Spelling.Near(Names, word)));

    [Fact]
    public void Near_ALongWord_LooksNoFurther()
    {
        string name = new('a', 70);
        Assert.Equal([name], Spelling.Near([name], name[..64]));
        Assert.Empty(Spelling.Near([name], name[..65]));
    }
}

using LossService.Engine;
using LossService.Engine.Cards;
using LossService.Tests.Engine.Harness;
using Xunit;

namespace LossService.Tests.Tidy;

/// <summary>A card is its loss's doc comment: it keeps the form that every surface relies on.</summary>
public sealed class CardTests
{
    [Theory]
    [MemberData(nameof(EveryLoss.Names), MemberType = typeof(EveryLoss))]
    public void Card_Summary_IsOneShortSentenceThatStartsWithAVerb(string loss)
    {
        string summary = EveryLoss.Card(loss).Summary;
        Assert.InRange(summary.Length, 10, 80);
        Assert.EndsWith(".", summary, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', summary);

        // "Scores", "Takes": a capital, a verb in the third person, no article.
        string verb = summary.Split(' ')[0];
        Assert.Matches("^[A-Z][a-z]+s$", verb);
        Assert.DoesNotContain(verb, new[] { "This", "Is", "Loss", "Its" });
    }

    [Theory]
    [MemberData(nameof(EveryLoss.Names), MemberType = typeof(EveryLoss))]
    public void Card_References_CiteSomethingToRead(string loss)
    {
        Assert.NotEmpty(EveryLoss.Card(loss).References);
        Assert.All(EveryLoss.Card(loss).References, reference =>
        {
            Assert.True(Uri.TryCreate(reference.Url, UriKind.Absolute, out Uri? url) && url.Scheme == "https", reference.Url);
            Assert.NotEmpty(reference.Citation);
        });
    }

    [Theory]
    [MemberData(nameof(EveryLoss.Names), MemberType = typeof(EveryLoss))]
    public void Card_Examples_ExistUnderNamesOfTheirOwn(string loss)
    {
        IReadOnlyList<Example> examples = EveryLoss.Card(loss).Examples;
        Assert.NotEmpty(examples);
        Assert.Equal(examples.Count, examples.Select(example => example.Name).Distinct().Count());
        Assert.All(examples, example => Assert.Matches("^[a-z][a-z0-9_-]*$", example.Name));
        Assert.All(examples, example => Assert.EndsWith(".", example.Meaning, StringComparison.Ordinal));
    }

    [Theory]
    [MemberData(nameof(EveryLoss.Names), MemberType = typeof(EveryLoss))]
    public void Card_Texts_AreSentences(string loss)
    {
        LossCard card = EveryLoss.Card(loss);
        IEnumerable<string> texts = card.Edges.Concat(card.Inputs.Select(input => input.Meaning))
            .Concat(card.Parameters.Select(parameter => parameter.Meaning));
        Assert.All(texts, text => Assert.EndsWith(".", text, StringComparison.Ordinal));
        Assert.NotEmpty(card.Formula);
    }

    [Theory]
    [MemberData(nameof(EveryLoss.Names), MemberType = typeof(EveryLoss))]
    public void Card_Names_AreSnakeCaseAndUnique(string loss)
    {
        LossCard card = EveryLoss.Card(loss);
        string[] members = [.. card.Inputs.Select(input => input.Name), .. card.Parameters.Select(parameter => parameter.Name),
            .. Common.Parameters.Select(parameter => parameter.Name), .. Common.Tensors.Select(input => input.Name)];
        Assert.Equal(members.Length, members.Distinct().Count());
        Assert.All(members.Append(card.Name).Concat(card.Aliases), name => Assert.Matches("^[a-z][a-z0-9]*(_[a-z0-9]+)*$", name));
        Assert.All(card.Aliases.Append(card.Name), name => Assert.Same(card, Catalogue.Find(name)!.Card));
    }

    [Theory]
    [MemberData(nameof(EveryLoss.Names), MemberType = typeof(EveryLoss))]
    public void Card_Parameters_AllowTheirDefaultsAndTheirPresets(string loss)
    {
        LossCard card = EveryLoss.Card(loss);
        Assert.All(card.Parameters, parameter => Assert.True(parameter.Allows(parameter.Default), parameter.Name));
        foreach (Preset preset in card.Presets)
        {
            Assert.Contains(preset.Name, Common.Preset.Words);
            foreach ((string name, string value) in preset.Changes)
            {
                int place = card.PlaceOfParameter(name);
                Assert.True(place >= 0, $"{preset.Name} changes {name}");
                Parameter parameter = card.ParameterAt(place);
                Assert.True(parameter.Allows(ParameterText.Parse(parameter, value)), $"{preset.Name}: {name} = {value}");
            }
        }
    }
}

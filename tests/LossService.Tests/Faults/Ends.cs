using System.IO.Pipelines;
using Microsoft.AspNetCore.Http.Features;

namespace LossService.Tests.Faults;

/// <summary>What a server tells of a request's two ends.</summary>
internal static class Ends
{
    internal sealed class Head(Outlet outlet) : HttpResponseFeature
    {
        public override bool HasStarted => outlet.HasStarted;
    }

    internal sealed record Body(PipeReader Reader) : IRequestBodyPipeFeature;

    internal sealed class Line(CancellationTokenSource? gone) : IHttpRequestLifetimeFeature
    {
        public bool IsBroken { get; private set; }

        public CancellationToken RequestAborted { get; set; } = gone?.Token ?? default;

        public void Abort() => IsBroken = true;
    }
}

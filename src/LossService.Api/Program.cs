using LossService.Api;
using LossService.Api.Endpoints;
using LossService.Api.OpenApi;
using Microsoft.Extensions.Options;

if (HealthCheckMode.IsAsked(args))
{
    return await HealthCheckMode.RunAsync(args);
}

// Settings hold from start to end. To watch their files costs a thread, and one of the few watchers that a host has for
// all of its containers: without one left, the service would not start.
WebApplicationBuilder builder = WebApplication.CreateBuilder(["--hostBuilder:reloadConfigOnChange=false", .. args]);
builder.UseDefaultAddress();
builder.AddRequestLine();
builder.Services.AddLossService();
builder.Services.AddOpenApiDocuments();
try
{
    WebApplication app = builder.Build();
    app.UsePassage();
    app.MapLosses();
    app.MapCatalogue();
    app.MapInfo();
    app.MapProblems();
    app.MapHealth();
    app.MapOpenApiDocuments();
    app.AnnounceSwagger();
    Readiness readiness = app.Services.GetRequiredService<Readiness>();
    app.Run();
    return readiness.IsBroken ? 1 : 0;
}
catch (OptionsValidationException wrong)
{
    await Console.Error.WriteLineAsync(wrong.Message);
    return 1;
}

using LossService.Api;
using LossService.Api.Endpoints;
using LossService.Api.OpenApi;

if (HealthCheckMode.IsAsked(args))
{
    return await HealthCheckMode.RunAsync(args);
}

WebApplicationBuilder builder = WebApplication.CreateBuilder(args);
builder.UseDefaultAddress();
builder.AddRequestLine();
builder.Services.AddLimits();
builder.Services.AddEngine();
builder.Services.AddAdmission();
builder.Services.AddReadiness();
builder.Services.AddOpenApiDocuments();

WebApplication app = builder.Build();
app.UseRequestLine();
app.UseSafeHeaders();
app.UseDraining();
app.UseMiddleware<ProblemMiddleware>();
app.UseFraming();
app.MapLosses();
app.MapCatalogue();
app.MapInfo();
app.MapProblems();
app.MapHealth();
app.MapOpenApiDocuments();
app.AnnounceSwagger();
app.Run();
return 0;

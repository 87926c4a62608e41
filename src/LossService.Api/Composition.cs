using FluentValidation;
using LossService.Api.Admission;
using LossService.Api.Pages;
using LossService.Api.Validation;
using LossService.Engine;
using LossService.Engine.Numerics;
using LossService.Wire.Json;
using LossService.Wire.Safetensors;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace LossService.Api;

/// <summary>What the service is made of, each part registered by name: nothing is scanned for.</summary>
internal static class Composition
{
    /// <summary>Everything that answers a request for a loss; a test or benchmark that is no server of its own takes
    /// this, too.</summary>
    public static void AddLossService(this IServiceCollection services)
    {
        services.AddLimits();
        services.AddUnpacking();
        services.AddEngine();
        services.AddAdmission();
        services.AddReadiness();
    }

    /// <summary>What every request passes before its endpoint, in this order.</summary>
    public static void UsePassage(this WebApplication app)
    {
        app.UseRequestLine();
        app.UseSafeHeaders();
        app.UseDraining();
        app.UseMiddleware<ProblemMiddleware>();
        app.UseFraming();
        app.UseUnpacking();
    }

    /// <summary>The limits, checked before the service starts, and the server that obeys them.</summary>
    public static void AddLimits(this IServiceCollection services)
    {
        services.AddOptions<Limits>()
            .Configure<IHostEnvironment>((limits, environment) =>
            {
                if (environment.IsDevelopment())
                {
                    limits.DrainMillisecondsMax = 0;
                }
            })
            .BindConfiguration(Limits.Section, binder => binder.ErrorOnUnknownConfiguration = true)
            .ValidateOnStart();
        services.AddSingleton<IValidateOptions<Limits>, LimitsInRange>();
        services.TryAddSingleton(TimeProvider.System);
        services.ConfigureOptions<KestrelLimits>();
        services.AddSingleton<TransportBlocks>();
        services.AddSingleton<IMemoryPoolFactory<byte>>(provider => provider.GetRequiredService<TransportBlocks>());
    }

    /// <summary>Catalogue, codecs, validators and buffers.</summary>
    private static void AddEngine(this IServiceCollection services)
    {
        services.AddSingleton(Catalogue.All);
        services.AddSingleton(new MediaTypes([new JsonCodec(), new SafetensorsCodec()]));
        services.AddSingleton<IValidator<LossRequest>, RequestValidator>();
        services.AddSingleton<ValidationFilter>();
        services.AddSingleton(provider =>
            new TensorPool(provider.GetRequiredService<IOptions<Limits>>().Value.PoolBytesMax)
            {
                PoisonsReturns = provider.GetRequiredService<IConfiguration>().GetValue<bool>("PoisonsReturns"),
            });
        services.AddHostedService<PoolAging>();
        services.AddHostedService<MemoryMetrics>();
    }

    /// <summary>What decides which request is computed when, or not at all.</summary>
    private static void AddAdmission(this IServiceCollection services)
    {
        services.AddSingleton(provider =>
            new ComputeThreads(provider.GetRequiredService<IOptions<Limits>>().Value.ComputeThreadsMax));
        services.AddSingleton<AdmissionControl>();
        services.AddSingleton<AdmissionMetrics>();
    }

    /// <summary>Warm-up, readiness and the examples' answers.</summary>
    private static void AddReadiness(this IServiceCollection services)
    {
        services.AddSingleton<Rehearsal>();
        services.AddSingleton<WarmUp>();
        services.AddSingleton<CardPages>();
        services.AddSingleton<Readiness>();
        services.AddHostedService(provider => provider.GetRequiredService<Readiness>());
    }
}

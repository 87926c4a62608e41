using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using LossService.Tests.Api;
using LossService.Tests.Api.Connections;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;

namespace LossService.Tests.Http;

/// <summary>The service on three ports: HTTP/2 without TLS, HTTP/1.1 or HTTP/2 behind TLS, and HTTP/1.1, for which nothing is
/// configured.</summary>
internal sealed class Http2Service : IDisposable
{
    private const string Name = "CN=localhost";

    private readonly string _certificate = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName() + ".pfx");
    private readonly Service _service;
    private readonly int[] _ports;

    /// <param name="clock">What the budgets of frames are measured by.</param>
    /// <param name="settings">Of the service.</param>
    public Http2Service(TimeProvider clock, params (string Name, string Value)[] settings)
    {
        File.WriteAllBytes(_certificate, SelfSigned());
        _service = new(
            "Production",
            [
                ("WarmUpRounds", "0"),
                ("Kestrel:Endpoints:a:Url", "http://127.0.0.1:0"), ("Kestrel:Endpoints:a:Protocols", "Http2"),
                ("Kestrel:Endpoints:b:Url", "https://127.0.0.1:0"), ("Kestrel:Endpoints:b:Certificate:Path", _certificate),
                ("Kestrel:Endpoints:c:Url", "http://127.0.0.1:0"),
                .. settings,
            ])
        {
            Also = services => services.AddSingleton(clock),
        };
        _service.UseKestrel();
        _service.StartServer();
        _ports = [.. Server.Features.Get<IServerAddressesFeature>()!.Addresses.Select(address => new Uri(address).Port)];
    }

    /// <summary>HTTP/2 without TLS.</summary>
    public int Port => _ports[0];

    /// <summary>HTTP/1.1 or HTTP/2 behind TLS.</summary>
    public int TlsPort => _ports[1];

    /// <summary>Without TLS, and without a word on protocols.</summary>
    public int DefaultPort => _ports[2];

    public LogLines Log => _service.Log;

    public IServer Server => _service.Services.GetRequiredService<IServer>();

    /// <summary>Whether a certificate is that of such a service.</summary>
    public static bool IsOurs(object sender, X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors) =>
        certificate?.Subject == Name;

    public void Dispose()
    {
        _service.Dispose();
        File.Delete(_certificate);
    }

    private static byte[] SelfSigned()
    {
        using var key = RSA.Create(2048);
        var request = new CertificateRequest(Name, key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        DateTimeOffset now = DateTimeOffset.UtcNow;
        using X509Certificate2 certificate = request.CreateSelfSigned(now.AddDays(-1), now.AddDays(1));
        return certificate.Export(X509ContentType.Pfx);
    }
}

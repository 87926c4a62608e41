using BenchmarkDotNet.Attributes;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Reports;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;
using LossService.Benchmarks.Digits;
using LossService.Benchmarks.Kernels;

#pragma warning disable CA1822, CA1001 // BenchmarkDotNet wants instance members and cleans up by its own attribute.

namespace LossService.Benchmarks;

/// <summary>Our side under BenchmarkDotNet, with its statistics, memory columns and exporters. Peers are compared in turns by
/// <see cref="Harness.Contest"/> instead, because this tool runs one benchmark after the other.</summary>
public static class Dotnet
{
    /// <summary>Runs all; at toy size each once, from any build, and without leaving files behind.</summary>
    /// <returns>Whether all of them ran.</returns>
    internal static bool Run(bool toy)
    {
        Job job = toy ? Job.Dry : Job.ShortRun;
        ManualConfig settings = ManualConfig.Create(DefaultConfig.Instance)
            .AddJob(job.WithToolchain(InProcessEmitToolchain.Instance));
        DirectoryInfo? files = null;
        if (toy)
        {
            files = Directory.CreateTempSubdirectory("lossservice-dotnet-");
            settings.WithArtifactsPath(files.FullName).WithOptions(ConfigOptions.DisableOptimizationsValidator);
        }

        Summary[] found = BenchmarkRunner.Run([typeof(KernelClass), typeof(DigitClass)], settings);
        files?.Delete(recursive: true);
        return found.All(summary =>
            !summary.HasCriticalValidationErrors && summary.Reports.Length > 0 && summary.Reports.All(report => report.Success));
    }

    /// <summary>Loss and gradient of every kernel that has a target, at a middle size.</summary>
    [MemoryDiagnoser]
    public class KernelClass
    {
        private EngineSide? _engine;
        private Harness.Entrant? _run;

        /// <summary>The loss.</summary>
        [Params("cross_entropy", "binary_cross_entropy_with_logits", "sigmoid_focal_loss", "smooth_l1_loss", "kd_loss", "triplet_margin_loss")]
        public string Loss { get; set; } = "";

        [GlobalSetup]
        public void Setup()
        {
            KernelCase[] cases =
            [
                KernelCase.CrossEntropy(1024, 100), KernelCase.BceWithLogits(100_000), KernelCase.SigmoidFocal(100_000),
                KernelCase.SmoothL1(100_000), KernelCase.Distillation(1024, 100), KernelCase.TripletMargin(1024, 100),
            ];
            _engine = new EngineSide(cases.Single(one => one.Loss == Loss));
            _run = _engine.Run(1);
        }

        [GlobalCleanup]
        public void Cleanup() => _engine!.Dispose();

        [Benchmark]
        public double LossAndGradient() => _run!.Time(1);
    }

    /// <summary>A hundred thousand floats from text and back.</summary>
    [MemoryDiagnoser]
    public class DigitClass
    {
        private readonly DigitMatrix<float> _matrix = new(100, 1000);

        [Benchmark]
        public void Read() => _matrix.ReadOurs();

        [Benchmark]
        public void Write() => _matrix.WriteOurs();
    }
}

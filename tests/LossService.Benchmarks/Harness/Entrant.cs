using System.Diagnostics;

namespace LossService.Benchmarks.Harness;

/// <summary>One way of doing a piece of work, which a <see cref="Contest"/> times against others.</summary>
/// <param name="name">Who does it.</param>
/// <param name="threads">On how many threads.</param>
internal abstract class Entrant(string name, int threads = 1)
{
    public string Name => name;

    public int Threads => threads;

    /// <summary>Does the work so many times in a row.</summary>
    /// <returns>How many seconds all of them took.</returns>
    public abstract double Time(int times);

    /// <summary>Numbers that tell whether the work was done: those of all entrants must agree. Not timed.</summary>
    public abstract double[] Check();
}

/// <summary>An entrant of this process.</summary>
/// <param name="name">Who does it.</param>
/// <param name="work">The work, once.</param>
/// <param name="check">See <see cref="Entrant.Check"/>.</param>
/// <param name="threads">On how many threads.</param>
/// <param name="prepare">Done before every series, outside the clock.</param>
internal sealed class Local(
    string name, Action work, Func<double[]> check, int threads = 1, Action? prepare = null) : Entrant(name, threads)
{
    public override double Time(int times)
    {
        prepare?.Invoke();
        long start = Stopwatch.GetTimestamp();
        for (int i = 0; i < times; i++)
        {
            work();
        }

        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    public override double[] Check()
    {
        prepare?.Invoke();
        work();
        return check();
    }
}

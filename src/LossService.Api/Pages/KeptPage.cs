namespace LossService.Api.Pages;

/// <summary>A page with answers of the service in it: written when it is first asked for, once for all who ask
/// meanwhile, and then kept. One that lacks an answer, because there was no memory for it, is sent but not
/// kept.</summary>
internal sealed class KeptPage(Rehearsal rehearsal, Func<Task<Page>> write)
{
    private readonly Lock _lock = new();
    private Task<Page>? _page;

    /// <summary>The page.</summary>
    public Task<Page> ReadAsync()
    {
        lock (_lock)
        {
            // On another thread, so that it is not over before it is noted.
            return _page ??= Task.Run(WriteAsync);
        }
    }

    private async Task<Page> WriteAsync()
    {
        bool isWhole = false;
        try
        {
            int refusals = rehearsal.Refusals;
            Page page = await write();
            isWhole = rehearsal.Refusals == refusals;
            return page;
        }
        finally
        {
            if (!isWhole)
            {
                lock (_lock)
                {
                    _page = null;
                }
            }
        }
    }
}

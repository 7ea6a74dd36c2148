"""wait: wait for background jobs."""

from ..arguments import Arguments
from ..jobs import status_of

SUMMARY = "wait for the background jobs, or for the tasks given: wait [TID|%JOB ...]"


def main(shell, arguments):
    """wait [TID|%JOB ...]"""
    parser = Arguments("wait", "Wait for jobs or tasks; the status of the last is returned.")
    parser.add_argument("task", nargs="*", metavar="TID", help="a task's id, or %%1 for a job")
    options = parser.parse_args(arguments)
    if not options.task:
        for job in list(shell.jobs):
            yield from status_of(job.task)
        return 0
    status = 0
    for word in options.task:
        try:
            task = shell.kernel.find_task(shell.jobs.find(word))
        except (ValueError, LookupError):
            shell.complain(f"wait: {word}: no such task")
            status = 127
        else:
            status = yield from status_of(task)
    return status

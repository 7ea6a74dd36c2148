"""wait: wait for background jobs."""

from ..arguments import Arguments
from ..running import status_of


def parser():
    parser = Arguments("wait", "Wait for jobs or tasks; the status of the last is returned.")
    parser.add_argument("task", nargs="*", metavar="TID", help="a task's tid, or %%1 for a job "
                                                               "(default: all jobs)")
    return parser


def main(process, options):
    shell = process.shell
    if not options.task:
        for job in shell.jobs:
            if not job.stopped:
                yield from shell.wait_for(job)
        return 0
    status = 0
    for word in options.task:
        try:
            if word.startswith("%"):
                status = yield from shell.wait_for(shell.jobs.find(word))
            else:
                task = process.system.find(word)
                if task.kernel is not shell.kernel:
                    yield from process.complain(f"{word}: it runs on another kernel")
                    status = 1
                    continue
                status = yield from status_of(task, shell)
        except LookupError as error:
            yield from process.complain(str(error))
            status = 127
    return status
